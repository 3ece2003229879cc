"""Uniform local binary patterns (LBP) and their histogram (paper section 4.1)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainables.features.images import Images, as_images, one_by_one
from trainables.features.lbp_circle import circle
from trainables.features.lbp_kernel import COUNTERS, MOST_POINTS, count_codes

VERSION = "2"
"""Names the definition and the numbers: stored tables of another version are not reused."""


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
        ValueError: No point, too many points or a negative radius.
    """
    if points < 1:
        raise ValueError(f"LBP needs at least one point, not {points}")
    if points > MOST_POINTS:
        raise ValueError(f"LBP takes at most {MOST_POINTS} points, not {points}")
    if radius < 0:
        raise ValueError(f"LBP radius {radius} is negative")
    return Neighbourhood(int(points), int(radius))


def lbp_histograms(
    images: Images, neighbourhoods: Sequence[Neighbourhood]
) -> list[NDArray[np.float64]]:
    """Fractions of the pixels that carry each uniform code.

    The codes are those of scikit-image, whatever the images' size and depth. The number of bins
    is fixed by the number of points, whatever codes an image happens to hold.

    Args:
        images: (n, h, w) uint8 or uint16.
        neighbourhoods: The neighbourhoods, each giving one table.

    Returns:
        Per neighbourhood (n, points + 2); every row sums to 1.

    Raises:
        ValueError: Bad images.
    """
    images = as_images(images)
    tables = [np.zeros((len(images), neighbourhood.bins)) for neighbourhood in neighbourhoods]
    of_radius: dict[int, list[int]] = {}
    for index, (points, radius) in enumerate(neighbourhoods):
        if radius == 0:
            # Every neighbour is the centre and none is darker: all bits are set in every pixel.
            tables[index][:, points] = 1.0
        else:
            of_radius.setdefault(radius, []).append(index)
    _, height, width = images.shape
    margin = max(of_radius, default=0)
    padded = np.zeros((height + 2 * margin, width + 2 * margin))
    for row, image in enumerate(one_by_one(images) if of_radius else ()):
        padded[margin : margin + height, margin : margin + width] = image
        for radius, indices in of_radius.items():
            numbers = tuple(neighbourhoods[index].points for index in indices)
            counts = np.zeros((len(numbers), COUNTERS, max(numbers) + 2), np.int64)
            layout = circle(numbers, radius, height, width)
            count_codes(padded, margin, radius, *layout, counts)
            for index, codes in zip(indices, counts.sum(axis=1), strict=True):
                tables[index][row] = codes[: neighbourhoods[index].bins] / image.size
    return tables
