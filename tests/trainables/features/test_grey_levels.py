"""Normalised grey levels: what each undoes, and that nobody but who asks for them notices."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trainables.features import blocks
from trainables.features.grey_levels import normalised, normalised_images, normalised_split
from trainables.features.housekeeping import main
from trainables.features.images import LazyImages, as_images
from trainables.features.store import FeatureStore
from trainables.features.stored import fit_stored, transform_stored
from trainables.features.transformers import GLCM, LBP, BagOfVisualWords, Extractor
from trainables.grey_levels import DEVIATION, GREY_LEVELS, MEAN, REACH

KINDS = GREY_LEVELS[1:]
SHAPES = st.tuples(st.integers(1, 14), st.integers(1, 14))
IMAGES = hnp.arrays(st.sampled_from([np.uint8, np.uint16]), SHAPES)


def near(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal but for what rounds to the other side."""
    return bool((np.abs(one.astype(int) - other.astype(int)) <= 1).all())


@given(image=IMAGES, kind=st.sampled_from(KINDS))
def test_any_image_becomes_one_of_eight_bits(image: np.ndarray, kind: str) -> None:
    found = normalised(image, kind)
    assert found.shape == image.shape
    assert found.dtype == np.uint8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [0, 7, 255])
def test_an_image_without_content_stays_one(kind: str, level: int) -> None:
    assert len(np.unique(normalised(np.full((12, 20), level, np.uint8), kind))) == 1


@given(image=hnp.arrays(np.uint8, SHAPES), data=st.data())
def test_equalised_undoes_every_monotone_change(image: np.ndarray, data: st.DataObject) -> None:
    steps = data.draw(hnp.arrays(np.int64, 256, elements=st.integers(1, 200)))
    changed = steps.cumsum()[image].astype(np.uint16)
    np.testing.assert_array_equal(normalised(changed, "equalised"), normalised(image, "equalised"))


@given(
    image=hnp.arrays(np.uint8, (9, 11), elements=st.integers(0, 60)),
    gain=st.integers(1, 40),
    offset=st.integers(0, 1000),
)
def test_standardised_undoes_gain_and_offset(image: np.ndarray, gain: int, offset: int) -> None:
    if image.std() >= 1:
        changed = (gain * image.astype(int) + offset).astype(np.uint16)
        assert near(normalised(changed, "standardised"), normalised(image, "standardised"))


def test_standardised_has_its_mean_and_deviation() -> None:
    image = np.random.default_rng(0).normal(30, 6, (64, 64)).astype(np.uint8)
    found = normalised(image, "standardised")
    assert found.mean() == pytest.approx(MEAN, abs=0.5)
    assert found.std() == pytest.approx(DEVIATION, abs=0.5)


def test_faint_noise_is_not_blown_up() -> None:
    """The rounding of an almost blank image is no texture."""
    image = np.full((40, 40), 3, np.uint8)
    image[::7, ::5] = 4
    for kind in ("standardised", "local_contrast"):
        assert normalised(image, kind).std() < DEVIATION / 2


def test_local_contrast_is_what_a_plain_loop_says() -> None:
    image = np.random.default_rng(1).integers(0, 200, (13, 21)).astype(np.uint8)
    means, deviations = np.empty(image.shape), np.empty(image.shape)
    for row, column in np.ndindex(image.shape):
        rows = slice(max(0, row - REACH), row + REACH + 1)
        window = image[rows, max(0, column - REACH) : column + REACH + 1]
        means[row, column], deviations[row, column] = window.mean(), window.std()
    expected = (image - means) / np.maximum(deviations, deviations.mean())
    expected = np.clip(np.rint(MEAN + DEVIATION * expected), 0, 255)
    assert near(normalised(image, "local_contrast"), expected)


def test_local_contrast_undoes_a_slope() -> None:
    image = np.random.default_rng(2).integers(20, 60, (40, 40))
    slope = np.arange(40)[:, np.newaxis] * 3
    before, after = (
        normalised(each.astype(np.uint8), "local_contrast").astype(int)
        for each in (image, image + slope)
    )
    inner = np.s_[REACH:-REACH, REACH:-REACH]
    assert np.corrcoef(before[inner].ravel(), after[inner].ravel())[0, 1] > 0.9


def test_lazy_images_are_made_when_they_are_asked_for() -> None:
    images = np.random.default_rng(3).integers(0, 99, (6, 8, 9)).astype(np.uint16)
    made = []
    lazy = LazyImages.of(images, lambda image: made.append(1) or normalised(image, "equalised"))
    assert (len(lazy), lazy.shape, lazy.dtype, made) == (6, (6, 8, 9), np.uint8, [])
    assert as_images(lazy) is lazy
    expected = np.stack([normalised(image, "equalised") for image in images])
    np.testing.assert_array_equal(np.asarray(lazy[2:4]), expected[2:4])
    assert len(made) == 2
    np.testing.assert_array_equal(np.stack(list(lazy)), expected)
    with pytest.raises(ValueError, match="images must be uint8 or uint16"):
        LazyImages.of(images / 2, np.asarray)
    assert normalised_images(images, "none") is images


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("extractor", [GLCM([1], [0]), LBP(8, 1), BagOfVisualWords(6, 3)])
def test_stored_features_are_of_the_normalised_images(
    store: FeatureStore, splits: SimpleNamespace, extractor: Extractor, kind: str
) -> None:
    parameters = {**extractor.get_params(), "grey_levels": kind}
    plain, changed = type(extractor)(**extractor.get_params()), type(extractor)(**parameters)
    expected = plain.fit(np.asarray(normalised_images(splits.train.images, kind)))
    for split in (splits.train, splits.validation):
        fit_stored(changed, store, splits.train)
        found = transform_stored(changed, store, splits.train, split)
        images = np.asarray(normalised_images(split.images, kind))
        np.testing.assert_array_equal(found, expected.transform(images))
        np.testing.assert_array_equal(found, changed.transform(split.images))
    assert {path.name for path in store.root.iterdir()} == {
        f"split1,{kind}-1",
        f"split2,{kind}-1",
    }


def test_without_them_a_split_is_itself(splits: SimpleNamespace) -> None:
    assert normalised_split(splits.train, "none") is splits.train


def test_the_store_s_command_tells_them_apart(
    store: FeatureStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for digest in ("d" * 20, "d" * 20 + ",equalised-1", "d" * 20 + ",equalised-0"):
        store.keep(digest, blocks.LBP, "c", np.zeros(3))
    assert main(["ls", f"store={store.root}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == [
        "d" * 12,
        "d" * 12 + ",equalised-0",
        "d" * 12 + ",equalised-1",
    ]
    assert main(["prune", f"store={store.root}"]) == 0
    left = {path.parent.name for path in store.root.glob("*/*")}
    assert left == {"d" * 20, "d" * 20 + ",equalised-1"}
