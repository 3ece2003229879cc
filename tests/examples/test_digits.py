"""The example that users copy: what it refuses, and every command of its README."""

from __future__ import annotations

import csv
import json
import os
import pickle
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from automl.plugins import training_data

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits"
SIZES = {"train": 20, "validation": 10, "test": 10}
BLOCKS = [
    block.strip().splitlines()
    for block in re.findall(r"```bash\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)
]


@pytest.fixture
def mine(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLE)
    from mine import class_folders, pixels, write_digits

    return {"data": class_folders, "pixels": pixels, "write": write_digits.write_digits}


@pytest.fixture
def images(mine, tmp_path):
    mine["write"](tmp_path / "images", sizes=SIZES)
    return tmp_path / "images"


def remove_split(root):
    shutil.rmtree(root / "validation")


def add_class(root):
    (root / "test" / "letter").mkdir()


def keep_one_class(root):
    for folder in root.glob("*/[1-9]"):
        shutil.rmtree(folder)


def save(root, image):
    image.save(root / "train" / "0" / "another.png")


REFUSED = {
    "a split is missing": (remove_split, "no folder .*validation"),
    "a class of one split": (add_class, "class 'letter' is in one of train and test alone"),
    "one class": (keep_one_class, "fewer than two class folders"),
    "another size": (lambda root: save(root, Image.new("L", (9, 8))), "another.png: .*8, 9"),
    "16 bits": (lambda root: save(root, Image.new("I;16", (8, 8))), "another.png: mode I;16"),
}


def check_and_prepare(dataset, options, cache):
    dataset.check(options)
    dataset.prepare(options, cache=cache, workers=1)


@pytest.mark.parametrize("case", REFUSED)
def test_bad_folders_are_refused_in_one_line(case, mine, images, tmp_path):
    harm, words = REFUSED[case]
    harm(images)
    options = {"root": str(images)}
    with pytest.raises(ValueError, match=words) as found:
        check_and_prepare(mine["data"].ClassFolders, options, tmp_path / "cache")
    assert "\n" not in str(found.value)
    assert not list((tmp_path / "cache").rglob("*.npy"))


def test_pixels_and_labels_are_those_of_the_files(mine, images, tmp_path):
    data = mine["data"].ClassFolders.prepare({"root": str(images)}, cache=tmp_path, workers=1)
    split = data.split("images", "train")
    assert data.classes == tuple("0123456789")
    for image, label, name in zip(split.images, split.labels, split.names, strict=True):
        assert np.array_equal(image, np.asarray(Image.open(images / name)))
        assert name.split("/")[:2] == ["train", data.classes[label]]


def test_the_digits_are_dealt_out_once(mine, images, tmp_path):
    mine["write"](tmp_path / "again", sizes=SIZES)
    mine["write"](tmp_path / "other", seed=1, sizes=SIZES)
    found = [
        sorted(path.relative_to(root) for path in root.rglob("*.png"))
        for root in (images, tmp_path / "again", tmp_path / "other")
    ]
    assert found[0] == found[1] != found[2]
    assert len({path.name for path in found[0]}) == sum(SIZES.values())


class Trap:
    """Leaves a trace where it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return self.trace.touch, ()


SETTINGS = {"alpha": 1e-4, "eta0": 0.05, "penalty": "elasticnet", "l1_ratio": 0.3}


@pytest.fixture(params=[2, 10])
def pixels(request, mine, tmp_path):
    """The trainable, on so many classes."""
    mine["write"](tmp_path / "images", sizes={"train": 80, "validation": 40, "test": 40})
    for folder in (tmp_path / "images").glob("*/?"):
        if int(folder.name) >= request.param:
            shutil.rmtree(folder)
    options = {"root": str(tmp_path / "images")}
    data = mine["data"].ClassFolders.prepare(options, cache=tmp_path, workers=1)
    return mine["pixels"].Pixels(training_data(data, "images", tmp_path), {}, "cpu")


def trained(pixels, checkpoint, budget=3):
    return list(pixels.train(SETTINGS, seed=3, budget=budget, checkpoint=checkpoint))


def weights(pixels, checkpoint):
    model = pixels.load(checkpoint).native["model"]
    return [model.coef_.tobytes(), model.intercept_.tobytes(), model.t_]


def test_a_trial_goes_on_bit_for_bit(pixels, tmp_path):
    whole = trained(pixels, tmp_path / "whole.ckpt")
    for budget in (1, 2, 3):
        parts = trained(pixels, tmp_path / "parts.ckpt", budget)
        assert parts == whole[:budget]
    assert weights(pixels, tmp_path / "parts.ckpt") == weights(pixels, tmp_path / "whole.ckpt")
    assert sorted(path.suffix for path in tmp_path.glob("*.*")) == [".ckpt", ".ckpt"]


def archive(path, **arrays):
    with np.load(path.with_name("whole.ckpt")) as kept, path.open("wb") as file:
        np.savez(file, **{**kept, **arrays})


def of_objects(path, trap):
    archive(path, coef=np.array([trap]))


def of_objects_alone(path, trap):
    with path.open("wb") as file:
        np.save(file, np.array([trap]))


def of_a_pickle(path, trap):
    path.write_bytes(pickle.dumps(trap))


def cut_short(path, trap):
    path.write_bytes(path.read_bytes()[:-30])


def changed(path, trap):
    content = bytearray(path.read_bytes())
    content[content.index(b"coef.npy") + 300] ^= 1
    path.write_bytes(content)


def of_other_images(path, trap):
    archive(path, coef=np.ones((3, 4)))


def of_other_classes(path, trap):
    archive(path, classes=3)


DAMAGE = (
    *(of_objects, of_objects_alone, of_a_pickle),
    *(cut_short, changed, of_other_images, of_other_classes),
)


@pytest.mark.parametrize("pixels", [10], indirect=True)
@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_file_from_elsewhere_runs_nothing_and_is_begun_anew(pixels, damage, tmp_path):
    path, trace = tmp_path / "trial.ckpt", tmp_path / "trace"
    whole = trained(pixels, tmp_path / "whole.ckpt")
    shutil.copy(tmp_path / "whole.ckpt", path)
    assert trained(pixels, path) == whole
    damage(path, Trap(trace))
    with pytest.raises(ValueError, match=r"^trial\.ckpt cannot be read") as found:
        pixels.load(path)
    assert "\n" not in str(found.value)
    first, *others = trained(pixels, path)
    assert not trace.exists()
    assert "begun anew" in first.pop("note")
    assert [first, *others] == whole


def test_images_from_elsewhere_are_read_as_those_of_the_data_set(mine, images):
    dataset = mine["data"].ClassFolders
    reader = dataset.reader((8, 8), {})
    (path, *_) = sorted((images / "test").rglob("*.png"))
    assert reader.takes(path)
    assert np.array_equal(reader.open(str(path))[0], np.asarray(Image.open(path)))
    with pytest.raises(ValueError, match=r"the model takes \(9, 8\)"):
        dataset.reader((9, 8), {}).open(str(path))
    with pytest.raises(ValueError, match="crop: "):
        dataset.reader((8, 8), {"crop": "upper"})


PAGE = EXAMPLE.parents[1] / "docs" / "your_own.md"


def test_the_page_shows_the_examples_files():
    shown = re.findall(r"`(conf/[\w/]+\.yaml)`\n\n```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    files = sorted(path for path in (EXAMPLE / "conf").rglob("*.yaml"))
    assert dict(shown) == {path.relative_to(EXAMPLE).as_posix(): path.read_text() for path in files}
    (points,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert points in (EXAMPLE / "pyproject.toml").read_text()


@pytest.fixture
def run(tmp_path):
    """Runs lines of a shell in a copy of the example, whose ``pip install`` stays in there."""
    place = tmp_path / "copy"
    shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment = {
        **kept,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "PIP_TARGET": str(tmp_path / "site"),
        "PYTHONPATH": str(tmp_path / "site"),
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # as pip reads its environment: without isolation
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

    def run(line, folder=place):
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_first_commands_of_the_readme(run, tmp_path):
    answers = [run(line) for line in BLOCKS[0]]
    assert "Nothing was started" in answers[2]
    assert "Search first finished" in answers[3]
    assert "MLflow lacks" not in answers[3]
    folder = tmp_path / "copy" / "runs" / "first"
    results = json.loads((folder / "results.json").read_text())
    assert results["trials"]["failed"] == {}
    (tested,) = results["evaluation"]["domains"]
    assert (tested["domain"], tested["n"]) == ("images", 497)
    assert tested["accuracy"] > 0.8  # chance: 0.1
    with (tmp_path / "copy" / "rows.csv").open() as file:
        rows = list(csv.DictReader(file))
    right = [row["class"] == Path(row["file"]).parent.name for row in rows]
    assert (len(right), sum(right)) == (497, round(497 * tested["accuracy"]))
    page = (folder / "report.html").read_text()
    assert "Misclassified images" in page
    assert not re.search("has no “find”|cannot be shown|not at hand", page)
    database = sqlite3.connect(tmp_path / "copy" / "mlflow" / "mlflow.db")
    assert database.execute("select name from experiments").fetchall()[-1] == ("digits",)
    assert database.execute("select count(*) from logged_models").fetchone() == (1,)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_further_commands_of_the_readme(run, tmp_path):
    run(BLOCKS[0][0])
    assert len(BLOCKS) == 3
    answers = [run(line) for block in BLOCKS[1:] for line in block]
    assert re.search(r"\btpe\b", answers[0])
    assert re.search(r"\bspace:? +pixels\b", answers[0])
    assert "Nothing was started" in answers[-1]
    # Installed, both are found by name from anywhere.
    found = "from automl.registry import find; print(find('{}', '{}').__module__)"
    for group, name, module in (
        ("datasets", "class_folders", "mine.class_folders"),
        ("trainables", "pixels", "mine.pixels"),
    ):
        line = f'python -c "{found.format(group, name)}"'
        assert run(line, tmp_path).strip() == module
