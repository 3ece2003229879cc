"""Grey-level co-occurrence matrix (GLCM) and six Haralick properties (paper section 4.1).

The properties of every (distance, angle) offset are independent of those of the others, so the
features of any set of distances and angles are a column subset of one table.
"""

from collections.abc import Sequence
from importlib.metadata import version
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from skimage.feature import graycomatrix, graycoprops

from trainables.features.images import Images, as_images

PROPERTIES = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation", "ASM")

VERSION = f"1-skimage{version('scikit-image')}"
"""Names the definition and the library: stored tables of another version are not reused."""


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


def glcm_properties(images: Images, offsets: Sequence[Offset]) -> NDArray[np.float64]:
    """Haralick properties of the symmetric, normalised GLCM of each image at each offset.

    Where a marginal standard deviation is zero (a constant image), the correlation is 1, as
    scikit-image defines it.

    Args:
        images: (n, h, w) uint8.
        offsets: The m offsets.

    Returns:
        (n, m, 6), the last axis as in `PROPERTIES`.

    Raises:
        ValueError: Bad images, or an offset at which an image of this size has no pixel pair.
    """
    images = as_images(images)
    for offset in offsets:
        _check_fits(offset, images.shape[1], images.shape[2])
    table = np.empty((len(images), len(offsets), len(PROPERTIES)))
    for row, mapped in zip(table, images, strict=True):
        # A copy: scikit-image's loop refuses the read-only pages of a mapped file.
        image = np.array(mapped, order="C")
        for cells, offset in zip(row, offsets, strict=True):
            cells[:] = _properties(image, offset)
    return table


def _properties(image: Images, offset: Offset) -> list[float]:
    # Grey levels above the brightest pixel would add only empty rows and columns to the
    # matrix; leaving them out gives the result of levels=256 in a fraction of the time.
    levels = max(int(image.max()) + 1, 2)
    matrix = graycomatrix(
        image,
        [offset.distance],
        [np.deg2rad(offset.angle)],
        levels=levels,
        symmetric=True,
        normed=True,
    )
    return [float(graycoprops(matrix, name)[0, 0]) for name in PROPERTIES]


def _check_fits(offset: Offset, height: int, width: int) -> None:
    angle = np.deg2rad(offset.angle)
    rows = abs(round(np.sin(angle) * offset.distance))
    columns = abs(round(np.cos(angle) * offset.distance))
    if rows >= height or columns >= width:
        raise ValueError(
            f"GLCM distance {offset.distance} at {offset.angle} degrees leaves no pixel pair "
            f"in images of {height} x {width} pixels; use a smaller distance"
        )
