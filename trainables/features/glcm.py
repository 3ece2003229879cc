"""Grey-level co-occurrence matrix (GLCM) and six Haralick properties (paper section 4.1).

The properties of every (distance, angle) offset are independent of those of the others, so the
features of any set of distances and angles are a column subset of one table.
"""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainables.features.glcm_kernel import SUMS, matrix_sums, survey
from trainables.features.glcm_plan import Step, layout, passes, step_of
from trainables.features.images import Images, as_images, one_by_one

PROPERTIES = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation", "ASM")

VERSION = "2"
"""Names the definition and the numbers: stored tables of another version are not reused."""

MOST_LEVELS = 4096
"""Distinct grey levels that an image may have; more would need too large a matrix."""


class Offset(NamedTuple):
    """The step from a pixel to its neighbour."""

    distance: int
    """Length in pixels."""
    angle: int
    """Direction in degrees, from the row axis as scikit-image counts it."""


def offsets_of(distances: Sequence[int], angles: Sequence[int]) -> tuple[Offset, ...]:
    """Every distinct combination, ascending: the order of the feature columns.

    Raises:
        ValueError: No distance, no angle, or a distance below one pixel.
    """
    if not len(distances) or not len(angles):
        raise ValueError("GLCM needs at least one distance and one angle")
    if min(distances) < 1:
        raise ValueError(f"GLCM distance {min(distances)} is below one pixel")
    pairs = product(sorted(set(distances)), sorted(set(angles)))
    return tuple(Offset(int(distance), int(angle)) for distance, angle in pairs)


def fits(offset: Offset, height: int, width: int) -> bool:
    """Whether images of this size have a pair of pixels at the offset."""
    rows, columns = step_of(*offset)
    return rows < height and abs(columns) < width


def glcm_properties(images: Images, offsets: Sequence[Offset]) -> NDArray[np.float64]:
    """Haralick properties of the symmetric, normalised GLCM of each image at each offset.

    Equal to scikit-image's with as many levels as the images' type has, however many grey levels
    lie unoccupied between the occupied ones. Where a marginal standard deviation is zero (a
    constant image), the correlation is 1, as scikit-image defines it.

    Args:
        images: (n, h, w) uint8 or uint16.
        offsets: The m offsets.

    Returns:
        (n, m, 6), the last axis as in `PROPERTIES`.

    Raises:
        ValueError: Bad images, an offset at which an image of this size has no pixel pair, or
            an image with more than `MOST_LEVELS` distinct grey levels.
    """
    images = as_images(images)
    for offset in offsets:
        _check_fits(offset, images.shape[1], images.shape[2])
    steps = [step_of(*offset) for offset in offsets]
    distinct = tuple(dict.fromkeys(steps))
    sums = np.zeros((len(images), len(distinct), SUMS), np.int64)
    homogeneity = np.zeros((len(images), len(distinct)))
    if distinct:
        for image, integers, reals in zip(one_by_one(images), sums, homogeneity, strict=True):
            _add_sums(image, distinct, integers, reals)
    return _properties(sums, homogeneity)[:, [distinct.index(step) for step in steps]]


def _add_sums(
    image: Images,
    steps: tuple[Step, ...],
    sums: NDArray[np.int64],
    homogeneity: NDArray[np.float64],
) -> None:
    # One compiled variant serves both types, native and mapped, contiguous or not.
    pixels = image.astype(np.uint16, order="C")
    low, high, points, start, core = survey(pixels, passes(steps), len(steps))
    if high - low >= MOST_LEVELS:
        _check_levels(pixels)
    plan = layout(steps, points, pixels.shape[1])
    every = np.array(steps, np.int64)
    matrix_sums(pixels, every, *plan, start, core, high - low + 1, sums, homogeneity)


def _properties(sums: NDArray[np.int64], homogeneity: NDArray[np.float64]) -> NDArray[np.float64]:
    n, s1, s2, s11, squares, contrast, dissimilarity = np.moveaxis(sums, -1, 0)
    # Levels counted from the mean, still in integers: then the subtractions cost no digits.
    mean = np.rint(s1 / n).astype(np.int64)
    away = (s1 - mean * n) / n
    variance = (s2 - mean * (2 * s1 - mean * n)) / n - away * away
    covariance = (s11 - mean * (2 * s1 - mean * n)) / n - away * away
    constant = variance == 0
    energy = np.sqrt(squares) / n
    return np.stack(
        [
            contrast / n,
            dissimilarity / n,
            homogeneity / n,
            energy,
            np.where(constant, 1.0, covariance / np.where(constant, 1.0, variance)),
            energy * energy,
        ],
        axis=-1,
    )


def _check_levels(image: NDArray[np.uint16]) -> None:
    levels = len(np.unique(image))
    if levels > MOST_LEVELS:
        raise ValueError(
            f"GLCM of an image with {levels} distinct grey levels needs too large a matrix; "
            f"reduce the images to at most {MOST_LEVELS} levels"
        )


def _check_fits(offset: Offset, height: int, width: int) -> None:
    if not fits(offset, height, width):
        raise ValueError(
            f"GLCM distance {offset.distance} at {offset.angle} degrees leaves no pixel pair "
            f"in images of {height} x {width} pixels; use a smaller distance"
        )
