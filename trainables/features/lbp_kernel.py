"""Compiled kernel of the uniform local binary patterns: counts of the codes of one radius.

The arithmetic is scikit-image's, operation by operation: where a neighbour is as bright as the
centre, the last bit of the interpolation decides. What is interpolated within a row is kept for
all points that lie in the same column.

Compiled functions that call one another share this file: one that changes elsewhere would be
called as it was before.
"""

import numba as nb
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]

MOST_POINTS = 254
"""A code is a byte."""
COUNTERS = 4
"""Alike neighbours are counted apart, so that a count need not wait for the one before."""
_TILE = 512
"""Columns worked on at once: their interpolated rows stay in the processor's caches."""
U = np.uintp  # unsigned indices need no check for counting from the end


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def count_codes(
    padded: Floats,
    margin: int,
    radius: int,
    columns: Integers,
    across: Floats,
    points: Integers,
    down: Floats,
    sequences: Integers,
    lengths: Integers,
    counts: Integers,
) -> None:
    """Count the uniform codes of neighbourhoods of one radius.

    Args:
        padded: The image with a margin of zeros, (h + 2 margin, w + 2 margin).
        margin: At least the radius.
        radius: In pixels.
        columns: Of a `Circle`, like the next five.
        across: Weight of the right sample.
        points: Column of each point, and whole rows down.
        down: Weight of the lower sample.
        sequences: The points of each neighbourhood in turn.
        lengths: How many these are.
        counts: (neighbourhoods, `COUNTERS`, codes), added to.
    """
    height, width = padded.shape[0] - 2 * margin, padded.shape[1] - 2 * margin
    slots = 2 * radius + 1
    rows = np.empty((columns.shape[0], slots, _TILE))
    bits = np.empty((points.shape[0], _TILE), np.uint8)
    ones = np.empty(_TILE, np.uint8)
    changes = np.empty(_TILE, np.uint8)
    for start in range(0, width, _TILE):
        n = min(_TILE, width - start)
        left = margin + start
        for y in range(-2 * radius, height):
            # The row that is furthest down takes the place of the one that is no longer met.
            slot = U((y + 2 * radius) % slots)
            row = U(margin + y + radius)
            for index in range(columns.shape[0]):
                x, column = U(left + columns[index, 0]), U(index)
                if columns[index, 1]:
                    _interpolate(padded, row, x, across, U(start), column, n, rows, slot)
                else:
                    _copy(padded, row, x, column, n, rows, slot)
            if y < 0:
                continue
            for point in range(points.shape[0]):
                column = U(points[point, 0])
                upper = (y + radius + points[point, 1]) % slots
                if points[point, 2]:
                    lower = (upper + 1) % slots
                    weight = down[point, y]
                    _compare_between(
                        rows, column, U(upper), U(lower), weight, padded, U(margin + y), U(left),
                        n, bits, U(point),
                    )  # fmt: skip
                else:
                    _compare(
                        rows, column, U(upper), padded, U(margin + y), U(left), n, bits, U(point)
                    )
            for index in range(lengths.size):
                _sum_up(bits, sequences, U(index), lengths[index], n, ones, changes)
                _count(ones, changes, lengths[index], n, counts, U(index))


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _interpolate(
    padded: Floats,
    row: U,
    x: U,
    across: Floats,
    start: U,
    column: U,
    n: int,
    rows: Floats,
    slot: U,
) -> None:
    for i in range(n):
        weight = across[column, start + U(i)]
        rows[column, slot, i] = (1.0 - weight) * padded[row, x + U(i)] + weight * padded[
            row, x + U(1) + U(i)
        ]


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _copy(padded: Floats, row: U, x: U, column: U, n: int, rows: Floats, slot: U) -> None:
    for i in range(n):
        rows[column, slot, i] = padded[row, x + U(i)]


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _compare_between(
    rows: Floats,
    column: U,
    upper: U,
    lower: U,
    weight: float,
    padded: Floats,
    row: U,
    left: U,
    n: int,
    bits: Bytes,
    point: U,
) -> None:
    rest = 1.0 - weight
    for i in range(n):
        value = rest * rows[column, upper, i] + weight * rows[column, lower, i]
        bits[point, i] = np.uint8(value >= padded[row, left + U(i)])


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _compare(
    rows: Floats,
    column: U,
    slot: U,
    padded: Floats,
    row: U,
    left: U,
    n: int,
    bits: Bytes,
    point: U,
) -> None:
    for i in range(n):
        bits[point, i] = np.uint8(rows[column, slot, i] >= padded[row, left + U(i)])


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _sum_up(
    bits: Bytes, sequences: Integers, index: U, length: int, n: int, ones: Bytes, changes: Bytes
) -> None:
    """Number of ones among the bits of each pixel, and of changes from a bit to the next."""
    first = U(sequences[index, 0])
    for i in range(n):
        ones[i] = bits[first, i]
        changes[i] = np.uint8(0)
    for place in range(1, length - 3, 4):
        a, b = U(sequences[index, place - 1]), U(sequences[index, place])
        c, d = U(sequences[index, place + 1]), U(sequences[index, place + 2])
        e = U(sequences[index, place + 3])
        for i in range(n):
            ones[i] += bits[b, i] + bits[c, i] + bits[d, i] + bits[e, i]
            changes[i] += (
                (bits[a, i] ^ bits[b, i])
                + (bits[b, i] ^ bits[c, i])
                + (bits[c, i] ^ bits[d, i])
                + (bits[d, i] ^ bits[e, i])
            )
    for place in range(length - (length - 1) % 4, length):
        a, b = U(sequences[index, place - 1]), U(sequences[index, place])
        for i in range(n):
            ones[i] += bits[b, i]
            changes[i] += bits[a, i] ^ bits[b, i]


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _count(ones: Bytes, changes: Bytes, length: int, n: int, counts: Integers, index: U) -> None:
    """Count the codes: the number of ones where at most two bits change, else one for all."""
    other = np.uint8(length + 1)
    for i in range(n):
        # Written over what is not needed any more.
        ones[i] = ones[i] if changes[i] <= 2 else other
    for i in range(0, n - COUNTERS + 1, COUNTERS):
        for counter in range(COUNTERS):
            counts[index, U(counter), ones[i + counter]] += 1
    for i in range(n - n % COUNTERS, n):
        counts[index, U(0), ones[i]] += 1
