from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from trainables.features.lbp import Neighbourhood, lbp_histograms, neighbourhood_of

NEIGHBOURHOODS = [neighbourhood_of(*pair) for pair in product((4, 8, 16, 24), (1, 2, 3))]


def assert_counts(images: np.ndarray, counts: np.ndarray) -> None:
    """`counts`: (n, 12, 26)."""
    pixels = images.shape[1] * images.shape[2]
    for index, histogram in enumerate(lbp_histograms(images, NEIGHBOURHOODS)):
        bins = NEIGHBOURHOODS[index].points + 2
        assert histogram.shape == (len(images), bins)
        np.testing.assert_allclose(histogram * pixels, counts[:, index, :bins], atol=1e-6)


def test_reference_images(reference: Mapping[str, np.ndarray]) -> None:
    assert_counts(reference["images"], reference["lbp_counts"])


@pytest.mark.parametrize("case", ["const0", "two_level", "crop301x417", "singlehot"])
def test_corner_cases(reference: Mapping[str, np.ndarray], case: str) -> None:
    assert_counts(
        reference[f"{case}__image"][np.newaxis], reference[f"{case}__lbp_counts"][np.newaxis]
    )


@pytest.mark.parametrize("points", [4, 8, 16, 24])
def test_radius_zero_is_what_scikit_image_makes_of_it(points: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (12, 10)).astype(np.uint8)
    (table,) = lbp_histograms(image[np.newaxis], [neighbourhood_of(points, 0)])
    codes = local_binary_pattern(image, points, 0, "uniform").astype(int)
    np.testing.assert_array_equal(table[0], np.bincount(codes.ravel(), minlength=points + 2) / 120)


def library(image: np.ndarray, neighbourhood: Neighbourhood) -> np.ndarray:
    codes = local_binary_pattern(image, *neighbourhood, "uniform").astype(int)
    return np.bincount(codes.ravel(), minlength=neighbourhood.bins)


def made_images(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Above all such where neighbours are as bright as the centre: there the last bit decides."""
    bright = np.full((21, 34), 9, np.uint8)
    bright[3, 30] = 201
    steps = np.repeat(np.arange(40, dtype=np.uint8), 7)[np.newaxis].repeat(30, axis=0)
    return {
        "constant": np.full((70, 70), 251, np.uint8),
        "bright pixel": bright,
        "dark": rng.poisson(0.3, (97, 80)).astype(np.uint8),
        "noise": rng.integers(0, 256, (33, 47)).astype(np.uint8),
        "steps": steps,
        "steps down": np.ascontiguousarray(steps.T),
        "pixel": np.ones((1, 1), np.uint8),
        "row": rng.integers(0, 3, (1, 40)).astype(np.uint8),
        "column": rng.integers(0, 3, (40, 1)).astype(np.uint8),
        "wider than a tile": rng.integers(0, 3, (9, 1030)).astype(np.uint8),
        "constant 16 bit": np.full((70, 70), 65533, np.uint16),
        "16 bit": rng.integers(0, 65536, (40, 41)).astype(np.uint16),
        "16 bit dark": rng.poisson(1000.3, (40, 41)).astype(">u2"),
    }


@pytest.mark.parametrize("name", made_images(np.random.default_rng(0)))
def test_counts_equal_scikit_image(name: str) -> None:
    image = made_images(np.random.default_rng(1))[name]
    more = [neighbourhood_of(*pair) for pair in ((1, 1), (2, 4), (5, 2), (7, 9), (30, 3), (8, 0))]
    neighbourhoods = [*NEIGHBOURHOODS, *more]
    tables = lbp_histograms(image[np.newaxis], neighbourhoods)
    for (histogram,), neighbourhood in zip(tables, neighbourhoods, strict=True):
        counts = library(image, neighbourhood)
        np.testing.assert_array_equal(histogram, counts / image.size, err_msg=str(neighbourhood))


def test_a_neighbourhood_alone_and_among_others() -> None:
    image = np.random.default_rng(0).integers(0, 9, (1, 30, 40)).astype(np.uint8)
    tables = lbp_histograms(image, NEIGHBOURHOODS[::-1])
    for table, neighbourhood in zip(tables, NEIGHBOURHOODS[::-1], strict=True):
        np.testing.assert_array_equal(lbp_histograms(image, [neighbourhood])[0], table)
    assert lbp_histograms(image, []) == []


def test_mapped_and_strided_images(tmp_path: Path, reference: Mapping[str, np.ndarray]) -> None:
    images = reference["images"][:, :50, :60]
    (expected,) = lbp_histograms(images.copy(), [neighbourhood_of(8, 2)])
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    for other in (mapped, images, np.asfortranarray(images)):
        np.testing.assert_array_equal(lbp_histograms(other, [neighbourhood_of(8, 2)])[0], expected)


def test_rows_are_not_ragged() -> None:
    images = np.zeros((2, 20, 20), np.uint8)
    images[1] = np.random.default_rng(0).integers(0, 256, (20, 20))
    (table,) = lbp_histograms(images, [neighbourhood_of(8, 1)])
    assert table.shape == (2, 10)
    np.testing.assert_allclose(table.sum(axis=1), 1)


def test_impossible_neighbourhoods() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        neighbourhood_of(0, 1)
    with pytest.raises(ValueError, match="at most 254 points, not 255"):
        neighbourhood_of(255, 1)
    with pytest.raises(ValueError, match="radius -1 is negative"):
        neighbourhood_of(4, -1)
