from collections.abc import Mapping
from itertools import product

import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from trainables.features.lbp import lbp_histograms, neighbourhood_of

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


def test_rows_are_not_ragged() -> None:
    images = np.zeros((2, 20, 20), np.uint8)
    images[1] = np.random.default_rng(0).integers(0, 256, (20, 20))
    (table,) = lbp_histograms(images, [neighbourhood_of(8, 1)])
    assert table.shape == (2, 10)
    np.testing.assert_allclose(table.sum(axis=1), 1)


def test_impossible_neighbourhoods() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        neighbourhood_of(0, 1)
    with pytest.raises(ValueError, match="radius -1 is negative"):
        neighbourhood_of(4, -1)
