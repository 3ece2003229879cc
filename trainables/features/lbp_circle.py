"""Where the sampling points of local binary patterns lie, and their interpolation weights."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Circle(NamedTuple):
    """The distinct points of neighbourhoods of one radius, for images of one size.

    The weights differ from pixel to pixel in their last bits, as rounded coordinates do.
    """

    columns: NDArray[np.int64]
    """(columns, 2): whole pixels to the right of the left sample, and 1 where there are two."""
    across: NDArray[np.float64]
    """(columns, w): weight of the right sample."""
    points: NDArray[np.int64]
    """(points, 3): column, whole pixels down of the upper sample, and 1 where there are two."""
    down: NDArray[np.float64]
    """(points, h): weight of the lower sample."""
    sequences: NDArray[np.int64]
    """(neighbourhoods, most points): the points in turn."""
    lengths: NDArray[np.int64]
    """(neighbourhoods,): how many these are."""


@lru_cache(maxsize=64)
def circle(points: tuple[int, ...], radius: int, height: int, width: int) -> Circle:
    """Lay out neighbourhoods with these numbers of points."""
    places: dict[tuple[float, float], int] = {}
    sequences = np.zeros((len(points), max(points)), np.int64)
    for sequence, number in zip(sequences, points, strict=True):
        turns = 2 * np.pi * np.arange(number) / number
        # scikit-image rounds so too; adding zero makes -0.0 and 0.0 one.
        down = np.round(-radius * np.sin(turns), 5) + 0.0
        right = np.round(radius * np.cos(turns), 5) + 0.0
        for index, place in enumerate(zip(down.tolist(), right.tolist(), strict=True)):
            sequence[index] = places.setdefault(place, len(places))
    columns = {right: index for index, right in enumerate(dict.fromkeys(x for _, x in places))}
    return Circle(
        np.array([_whole(right) for right in columns]),
        np.array([_weights(right, width) for right in columns]),
        np.array([(columns[right], *_whole(down)) for down, right in places]),
        np.array([_weights(down, height) for down, _ in places]),
        sequences,
        np.array(points, np.int64),
    )


def _whole(shift: float) -> tuple[int, int]:
    return int(np.floor(shift)), int(shift != np.floor(shift))


def _weights(shift: float, length: int) -> NDArray[np.float64]:
    coordinates = np.arange(length) + shift
    return np.asarray(coordinates - np.floor(coordinates))
