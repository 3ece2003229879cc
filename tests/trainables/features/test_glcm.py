from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from skimage.feature import graycomatrix, graycoprops

from trainables.features.glcm import (
    MOST_LEVELS,
    PROPERTIES,
    Offset,
    fits,
    glcm_properties,
    offsets_of,
)
from trainables.features.glcm_plan import MOST_POINTS, covers, step_of
from trainables.features.transformers import GLCM

DISTANCES = (1, 2, 4, 5, 8)
ANGLES = (0, 45, 90, 135)


def library(image: np.ndarray, offsets: list[Offset], levels: int) -> np.ndarray:
    """(m, 6) of scikit-image."""
    rows = []
    for distance, angle in offsets:
        matrix = graycomatrix(
            image, [distance], [np.deg2rad(angle)], levels=levels, symmetric=True, normed=True
        )
        rows.append([graycoprops(matrix, name)[0, 0] for name in PROPERTIES])
    return np.array(rows)


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
    table = glcm_properties(image[np.newaxis], [Offset(8, 90)])
    np.testing.assert_allclose(table[0], library(image, [Offset(8, 90)], 256), rtol=1e-12)


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


def made_images(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Images that are counted in every way: few and many points at once, few and many others."""
    bright = np.full((21, 34), 9, np.uint8)
    bright[3, 30] = 201
    spots = rng.normal(30, 2, (64, 71)).astype(np.uint8)
    spots[rng.random(spots.shape) < 0.02] = 250
    dark = rng.poisson(0.3, (97, 80)).astype(np.uint8)
    return {
        "bright pixel": bright,
        "dark corner pixel": 255 - bright[::-1, ::-1],
        "spots": spots,
        "dark": dark,
        "wide": rng.normal(100, 6, (90, 90)).astype(np.uint8),
        "noise": rng.integers(0, 256, (33, 47)).astype(np.uint8),
        "checks": (np.indices((20, 25)).sum(axis=0) % 2 * 255).astype(np.uint8),
        "row": rng.integers(0, 5, (1, 40)).astype(np.uint8),
        "16 bit": rng.poisson(300, (40, 41)).astype(np.uint16),
        "16 bit dark": rng.exponential(4, (40, 41)).astype(np.uint16),
    }


@pytest.mark.parametrize("name", made_images(np.random.default_rng(0)))
def test_equals_scikit_image(name: str) -> None:
    image = made_images(np.random.default_rng(1))[name]
    every = offsets_of([1, 2, 3, 19], [-45, 0, 30, 45, 90, 100, 135, 180])
    offsets = [offset for offset in every if fits(offset, *image.shape)]
    levels = 256 if image.dtype == np.uint8 else int(image.max()) + 1
    (table,) = glcm_properties(image[np.newaxis], offsets)
    # Both sides round a correlation near zero to about 1e-16.
    np.testing.assert_allclose(table, library(image, offsets, levels), rtol=1e-10, atol=1e-14)
    # What is counted together does not matter, to the last bit.
    alone = [glcm_properties(image[np.newaxis], [offset])[0, 0] for offset in offsets]
    np.testing.assert_array_equal(table, alone)


def test_a_saturated_pixel_among_16_bits() -> None:
    image = np.full((6, 7), 1000, np.uint16)
    image[2, 3] = 65535
    (row,) = glcm_properties(image[np.newaxis], [Offset(1, 0)])[0]
    # Of 36 pairs two have the pixel, one on each side.
    share, apart = 2 / 36, 65535 - 1000
    together = (1 - share) ** 2 + 2 * (share / 2) ** 2
    expected = {
        "contrast": share * apart**2,
        "dissimilarity": share * apart,
        "homogeneity": 1 - share + share / (1 + apart**2),
        "energy": np.sqrt(together),
        "correlation": -(share / 2) / (1 - share / 2),
        "ASM": together,
    }
    assert dict(zip(PROPERTIES, row, strict=True)) == pytest.approx(expected, rel=1e-12)


def test_16_bits_hold_8_bits_in_either_byte_order(reference: Mapping[str, np.ndarray]) -> None:
    images = reference["images"][:, :60, :70]
    expected = glcm_properties(images, [Offset(2, 45)])
    for kind in ("<u2", ">u2"):
        np.testing.assert_array_equal(
            glcm_properties(images.astype(kind), [Offset(2, 45)]), expected
        )


def test_distinct_levels_are_what_is_limited() -> None:
    image = (np.arange(MOST_LEVELS, dtype=np.uint16) * 15).reshape(64, 64)
    table = glcm_properties(image[np.newaxis], [Offset(1, 0)])
    assert table[0, 0, PROPERTIES.index("dissimilarity")] == 15
    beside = np.append(image, np.full((1, 64), 1, np.uint16), axis=0)
    with pytest.raises(ValueError, match=r"4097 distinct grey levels .* at most 4096 levels"):
        glcm_properties(beside[np.newaxis], [Offset(1, 0)])


def test_steps_are_rounded_as_in_scikit_image() -> None:
    image = np.arange(169, dtype=np.uint8).reshape(13, 13)  # every pixel a level of its own
    for distance in (1, 2, 3, 7, 12):
        for angle in range(-180, 361, 5):
            rows, columns = step_of(distance, angle)
            matrix = graycomatrix(image, [distance], [np.deg2rad(angle)], symmetric=True)
            pairs = np.argwhere(np.triu(matrix[:, :, 0, 0]))
            assert {int(step) for step in pairs @ [-1, 1]} == {13 * rows + columns}


@pytest.mark.parametrize(("distances", "angles"), [([5], [0]), ([1, 2, 4, 5, 8], [0, 45, 90, 135])])
def test_every_step_is_served_once(distances: list[int], angles: list[int]) -> None:
    steps = tuple(dict.fromkeys(step_of(*offset) for offset in offsets_of(distances, angles)))
    for most, (points, sizes, serves) in enumerate(covers(steps), start=2):
        served = []
        for group, first, later in np.argwhere(serves >= 0):
            assert first < later < sizes[group] <= most
            row, column = points[group, later] - points[group, first]
            assert steps[serves[group, first, later]] in ((row, column), (-row, -column))
            served.append(serves[group, first, later])
        assert sorted(served) == list(range(len(steps)))
    assert most == MOST_POINTS


def test_equal_steps_have_equal_properties(reference: Mapping[str, np.ndarray]) -> None:
    # A diagonal of two pixels is rounded to that of one.
    one, two = glcm_properties(reference["images"][:1], [Offset(1, 45), Offset(2, 45)])[0]
    np.testing.assert_array_equal(one, two)


def test_mapped_and_strided_images(tmp_path: Path, reference: Mapping[str, np.ndarray]) -> None:
    images = reference["images"][:, :50, :60]
    expected = glcm_properties(images.copy(), [Offset(1, 90)])
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    np.testing.assert_array_equal(glcm_properties(mapped, [Offset(1, 90)]), expected)
    np.testing.assert_array_equal(glcm_properties(images, [Offset(1, 90)]), expected)
    turned = np.asfortranarray(images)
    np.testing.assert_array_equal(glcm_properties(turned, [Offset(1, 90)]), expected)


def test_threads_do_not_disturb_one_another(reference: Mapping[str, np.ndarray]) -> None:
    images = reference["images"]
    expected = glcm_properties(images, [Offset(1, 0)])
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda i: glcm_properties(i[np.newaxis], [Offset(1, 0)]), images))
    np.testing.assert_array_equal(np.concatenate(found), expected)


def test_no_offset_and_no_image() -> None:
    assert glcm_properties(np.zeros((2, 3, 3), np.uint8), []).shape == (2, 0, 6)
    assert glcm_properties(np.zeros((0, 3, 3), np.uint8), [Offset(1, 0)]).shape == (0, 1, 6)
