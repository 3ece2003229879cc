from collections.abc import Mapping

import numpy as np
import pytest
from skimage.feature import graycomatrix, graycoprops

from trainables.features.glcm import PROPERTIES, Offset, glcm_properties, offsets_of
from trainables.features.transformers import GLCM

DISTANCES = (1, 2, 4, 5, 8)
ANGLES = (0, 45, 90, 135)


def as_reference(table: np.ndarray) -> np.ndarray:
    """(n, 20, 6) → (n, 6, 5, 4), the order of the reference."""
    return np.moveaxis(table, 1, 2).reshape(len(table), 6, 5, 4)


def test_reference_images(reference: Mapping[str, np.ndarray]) -> None:
    table = glcm_properties(reference["images"], offsets_of(DISTANCES, ANGLES))
    np.testing.assert_allclose(as_reference(table), reference["glcm"], rtol=1e-12)


@pytest.mark.parametrize("case", ["const0", "two_level", "crop301x417", "singlehot"])
def test_corner_cases(reference: Mapping[str, np.ndarray], case: str) -> None:
    table = glcm_properties(reference[f"{case}__image"][np.newaxis], offsets_of(DISTANCES, ANGLES))
    np.testing.assert_allclose(as_reference(table)[0], reference[f"{case}__glcm"], rtol=1e-12)


def test_tiny_bright_image_equals_all_256_levels() -> None:
    image = np.random.default_rng(0).integers(0, 256, (12, 10)).astype(np.uint8)
    matrix = graycomatrix(image, [8], [np.pi / 2], levels=256, symmetric=True, normed=True)
    expected = [graycoprops(matrix, name)[0, 0] for name in PROPERTIES]
    table = glcm_properties(image[np.newaxis], [Offset(8, 90)])
    np.testing.assert_allclose(table[0, 0], expected, rtol=1e-12)


@pytest.mark.parametrize("level", [0, 255])
def test_constant_image_has_correlation_one(level: int) -> None:
    (row,) = glcm_properties(np.full((1, 16, 16), level, np.uint8), [Offset(1, 0)])[0]
    assert dict(zip(PROPERTIES, row, strict=True)) == {
        "contrast": 0,
        "dissimilarity": 0,
        "homogeneity": 1,
        "energy": 1,
        "correlation": 1,
        "ASM": 1,
    }


def test_subset_is_a_column_subset(reference: Mapping[str, np.ndarray]) -> None:
    images = reference["images"][:, :40, :50]
    whole = GLCM(DISTANCES, ANGLES)
    part = GLCM([8, 1], [135, 0])  # in any order
    names = list(whole.get_feature_names_out())
    columns = [names.index(name) for name in part.get_feature_names_out()]
    assert len(columns) == 2 * 2 * 6
    np.testing.assert_array_equal(part.transform(images), whole.transform(images)[:, columns])


def test_distance_beyond_the_image_is_refused() -> None:
    images = np.zeros((1, 12, 10), np.uint8)
    assert glcm_properties(images, [Offset(11, 90)]).shape == (1, 1, 6)
    with pytest.raises(ValueError, match=r"distance 10 at 0 degrees leaves no pixel pair.*12 x 10"):
        glcm_properties(images, [Offset(10, 0)])


@pytest.mark.parametrize(
    ("distances", "angles", "message"),
    [([], [0], "at least one"), ([1], [], "at least one"), ([0], [0], "distance 0 is below")],
)
def test_impossible_offsets(distances: list[int], angles: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        offsets_of(distances, angles)


def test_read_only_images_are_taken():
    images = np.random.default_rng(0).integers(0, 9, (2, 16, 16), dtype=np.uint8)
    expected = glcm_properties(images, offsets_of([1, 2], [0, 45]))
    images.setflags(write=False)
    assert np.array_equal(glcm_properties(images, offsets_of([1, 2], [0, 45])), expected)
