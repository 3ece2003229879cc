"""The misclassified images themselves: read from where they are packed, or said to be absent."""

from __future__ import annotations

import base64
import io
import shutil

import numpy as np
import pytest
from PIL import Image

from automl.predictions import to_digits
from automl.report import build_report
from automl.report.pictures import reduced, sheet
from diffranet.dataset import DiffraNet, SimulatedDiffraNet

SMALL = {
    "image_size": 32,
    "extent": 32,
    "mosaic_domains": 2,
    "counts": {
        "synthetic": {"train": 5, "validation": 5, "test": 6},
        "real": {"validation": 2, "test": 2},
    },
    "class_balance": "balanced",
}


def results_with(data, name, options, cache, wrong):
    """Results of a search whose model was wrong at some places of the synthetic test split."""
    split = data.unsealed().split("synthetic", "test")
    predicted = [(label + (i in wrong)) % 5 for i, label in enumerate(split.labels.tolist())]
    return {
        "config": {"data": {"name": name, "options": options}, "paths": {"cache": str(cache)}},
        "data": data.describe(),
        "evaluation": {"domains": [{"domain": "synthetic"}]},
        "images_evaluated": [
            {
                "domain": "synthetic",
                "split": "test",
                "classes": list(data.classes),
                "predicted": to_digits(predicted, 5),
                "labels": to_digits(split.labels, 5),
                "digest": split.digest,
            }
        ],
    }


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "root"
    rng = np.random.default_rng(0)
    for split in ("train", "validation", "test"):
        for label in range(1, 6):
            place = root / "synthetic" / split / str(label)
            place.mkdir(parents=True)
            for n in range(2):
                pixels = rng.integers(0, 100, (16, 16), dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{n}.png")
    return root


@pytest.fixture
def published(folder, tmp_path):
    options, cache = {"root": str(folder)}, tmp_path / "cache"
    data = DiffraNet.prepare(options, cache=cache, workers=1)
    return results_with(data, "diffranet", options, cache, {1, 4})


def decoded(picture):
    head, _, body = picture.source.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(body))))


def test_the_very_images_are_shown_with_classes_and_names(published, folder):
    ((domain, white, pictures),) = sheet(published).domains
    assert domain == "synthetic"
    told = [(p.true, p.predicted, p.name, p.phrases) for p in pictures]
    assert told == [
        ("blank", "no-crystal", "synthetic/test/1/1.png", ()),
        ("weak", "good", "synthetic/test/3/0.png", ()),
    ]
    for picture in pictures:
        original = np.asarray(Image.open(folder / picture.name)).astype(float)
        expected = np.minimum(np.rint(original * 255 / white), 255)
        assert np.abs(decoded(picture) - expected).max() <= 1


def test_they_are_in_the_page(published, tmp_path, built):
    page, _ = built(published, tmp_path)
    assert page.tags.count("img") == 2
    assert "All 2 misclassified images." in page.words
    assert "blank → no-crystal" in page.words
    addresses = [r for r in page.references if not r.startswith("#")]
    assert all(address.startswith("data:image/png;base64,") for address in addresses)


def test_another_cache_may_be_named(published, tmp_path):
    (tmp_path / "cache").rename(tmp_path / "moved")
    absent = sheet(published)
    assert absent.domains == ()
    assert "The images are not at hand: no packed images of digest" in absent.missing
    assert len(sheet(published, tmp_path / "moved").domains) == 1
    build_report(published, tmp_path / "a.html", tmp_path / "a")
    assert "not at hand" in (tmp_path / "a.html").read_text()
    build_report(published, tmp_path / "b.html", tmp_path / "b", cache=tmp_path / "moved")
    assert "not at hand" not in (tmp_path / "b.html").read_text()


def test_other_images_are_not_shown(published):
    published["images_evaluated"][0]["digest"] = "0" * 64
    shown = sheet(published)
    assert shown.domains == ()
    assert "are not those evaluated" in shown.missing


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("html.parser:HTMLParser", "has no “find”"),
        ("no_such_data_set", "cannot be shown: data.name: no dataset is registered"),
        ("", "cannot be shown"),
    ],
)
def test_a_data_set_that_cannot_show_them_does_not_stop_the_page(published, name, why):
    published["config"]["data"]["name"] = name
    shown = sheet(published)
    assert shown.sentence == "All 2 misclassified images."
    assert why in shown.missing


def test_simulated_images_have_the_state_of_their_shot(tmp_path):
    cache = tmp_path / "cache"
    data = SimulatedDiffraNet.prepare(SMALL, cache=cache, workers=1)
    results = results_with(data, "diffranet_simulated", SMALL, cache, set(range(6)))
    ((_, _, pictures),) = sheet(results).domains
    told = {picture.true: " · ".join(picture.phrases) for picture in pictures}
    assert "no pulse" in told["blank"]
    assert "no crystal" in told["no-crystal"]
    assert "× (30 µm)³" in told["strong"]
    # A manifest of other images is not theirs.
    (manifest,) = cache.glob("simulated/*/manifest.csv")
    lines = manifest.read_text().splitlines(keepends=True)
    digest = lines[-1].split(",")[1]
    places = [n for n, line in enumerate(lines) if "synthetic/test" in line]
    first = lines[places[0]].split(",")
    lines[places[0]] = ",".join([first[0], digest, *first[2:]])
    manifest.write_text("".join(lines))
    ((_, _, pictures),) = sheet(results).domains
    assert len(pictures) == 6
    assert not any(picture.phrases for picture in pictures)
    shutil.rmtree(manifest.parent)
    ((_, _, pictures),) = sheet(results).domains
    assert len(pictures) == 6


@pytest.mark.parametrize("shape", [(5, 7), (192, 192), (193, 10), (512, 512), (400, 3)])
def test_large_images_are_reduced_by_a_whole_factor(shape):
    image = np.full(shape, 40, dtype=np.uint8)
    small = reduced(image, 192)
    assert max(small.shape) <= 192
    assert max(small.shape) >= 192 / 2 or max(shape) <= 192
    assert (small == 40).all()
    assert small.dtype == np.uint8


def test_a_bright_pixel_stays_visible():
    image = np.full((512, 512), 4, dtype=np.uint8)
    image[100, 100] = 250
    assert reduced(image, 192).max() > 4 + 250 / 9
