"""Uniform local binary patterns (LBP) and their histogram (paper section 4.1)."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from skimage.feature import local_binary_pattern

from trainables.features.images import Images, as_images

VERSION = f"1-skimage{version('scikit-image')}"
"""Names the definition and the library: stored tables of another version are not reused."""


class Neighbourhood(NamedTuple):
    """The circle of sampling points around a pixel."""

    points: int
    radius: int
    """In pixels. Zero puts every point on the centre (Table 8 has it, although degenerate)."""

    @property
    def bins(self) -> int:
        """Number of uniform codes: 0 to `points`, and one for all that are not uniform."""
        return self.points + 2


def neighbourhood_of(points: int, radius: int) -> Neighbourhood:
    """The checked neighbourhood.

    Raises:
        ValueError: No point or a negative radius.
    """
    if points < 1:
        raise ValueError(f"LBP needs at least one point, not {points}")
    if radius < 0:
        raise ValueError(f"LBP radius {radius} is negative")
    return Neighbourhood(int(points), int(radius))


def lbp_histograms(
    images: Images, neighbourhoods: Sequence[Neighbourhood]
) -> list[NDArray[np.float64]]:
    """Fractions of the pixels that carry each uniform code.

    The number of bins is fixed by the number of points, whatever codes an image happens to hold.

    Args:
        images: (n, h, w) uint8.
        neighbourhoods: The neighbourhoods, each giving one table.

    Returns:
        Per neighbourhood (n, points + 2); every row sums to 1.

    Raises:
        ValueError: Bad images.
    """
    images = as_images(images)
    tables = [np.zeros((len(images), neighbourhood.bins)) for neighbourhood in neighbourhoods]
    for index, image in enumerate(images):
        for table, neighbourhood in zip(tables, neighbourhoods, strict=True):
            table[index] = _histogram(np.ascontiguousarray(image), neighbourhood)
    return tables


def _histogram(image: Images, neighbourhood: Neighbourhood) -> NDArray[np.float64]:
    points, radius = neighbourhood
    if radius == 0:
        # Every neighbour is the centre and none is darker: all bits are set in every pixel.
        histogram = np.zeros(neighbourhood.bins)
        histogram[points] = 1.0
        return histogram
    codes = local_binary_pattern(image, points, radius, method="uniform").astype(np.intp)
    return np.bincount(codes.ravel(), minlength=neighbourhood.bins) / image.size
