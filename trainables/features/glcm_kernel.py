"""Compiled kernel of the co-occurrence matrix: exact integer sums over each step's matrix.

Most pixels of an image lie within few grey levels. Those are its core: levels of the core become
codes, and the codes at all points of a group become one index into a table of at most `CELLS`
counts. Pixels outside of the core are few; their pairs are counted one by one.

Compiled functions that call one another share this file: one that changes elsewhere would be
called as it was before.
"""

import numba as nb
import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]
Integers = NDArray[np.int64]
Counts = NDArray[np.uint32]
Image = NDArray[np.uint16]

CELLS = 1 << 16
"""Joint counts of a group; an index is a 16-bit number."""
SUMS = 7
"""Over all cells of a symmetric matrix with counts n of levels x, y: n, n x, n x², n x y, n²,
n (x - y)² and n |x - y|, all integers."""
_CHUNK = 1024
"""Positions whose indices are made at once: they stay in the processor's nearest cache."""
_SAMPLED = 1 << 16
"""Pixels that suffice to choose the core."""
U = np.uintp  # unsigned indices need no check for counting from the end


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def survey(
    image: Image, passes: Integers, steps: int
) -> tuple[np.int64, np.int64, int, np.int64, int]:
    """Choose how an image is counted.

    Args:
        image: (h, w).
        passes: Groups of the covers by 2, 3, ... points.
        steps: The number of steps.

    Returns:
        The lowest and the highest level, the points of a group, and the core's first level and
        number of levels.
    """
    low, high = np.uint16(65535), np.uint16(0)
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            low = min(low, image[y, x])
            high = max(high, image[y, x])
    lowest, highest = np.int64(low), np.int64(high)
    levels = np.zeros(highest - lowest + 1, np.int64)
    every = max(1, image.size // _SAMPLED)
    sampled = 0
    for y in range(0, image.shape[0], every):
        for x in range(image.shape[1]):
            levels[image[y, x] - low] += 1
        sampled += image.shape[1]
    points, start, size = 2, 0, 1
    least = np.inf
    for index in range(passes.size):
        base = 2
        while (base + 1) ** (index + 2) <= CELLS and base <= levels.size:
            base += 1
        first, inside = _window(levels, base - 1)
        while levels[first + base - 2] == 0:
            base -= 1
        # In times of one count: the indices, the counting and the table; the pairs of others.
        cost = passes[index] * (
            image.size * (1.0 + 0.15 * index) + 1.5 * float(base) ** (index + 2)
        ) + 15.0 * steps * every * (sampled - inside)
        if cost < least:
            least = cost
            points, start, size = index + 2, first, base - 1
    return lowest, highest, points, lowest + start, size


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _window(levels: Integers, size: int) -> tuple[int, int]:
    """First of the `size` consecutive levels with the most pixels, and how many these are."""
    inside, best, first = 0, -1, 0
    for level in range(levels.size):
        inside += levels[level]
        if level >= size:
            inside -= levels[level - size]
        if inside > best:
            best, first = inside, max(0, level - size + 1)
    return first, best


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def matrix_sums(
    image: Image,
    steps: Integers,
    stride: int,
    margin: int,
    shifts: Integers,
    sizes: Integers,
    serves: Integers,
    start: np.int64,
    core: int,
    span: int,
    sums: Integers,
    homogeneity: NDArray[np.float64],
) -> None:
    """Sum over the symmetric matrix of each step.

    Args:
        image: (h, w).
        steps: (m, 2), rows and columns.
        stride: Of a `Layout`, like the next four.
        margin: Positions before and behind the image.
        shifts: Of the points of each group.
        sizes: Points of each group.
        serves: The step between two points.
        start: First level of the core.
        core: Levels of the core.
        span: Levels from the lowest to the highest.
        sums: (m, `SUMS`), zeros; added to. Levels count from `start`.
        homogeneity: (m,), written: the sum of n / (1 + (x - y)²).
    """
    codes, others = _encode(image, start, core, stride, margin)
    base = core + 1
    apart = np.zeros((steps.shape[0], span), np.int64)
    table = np.empty(2 * base ** shifts.shape[1], np.uint32)
    pairs = np.empty((shifts.shape[1], base, base), np.uint32)
    for group in range(sizes.size):
        size = sizes[group]
        _count(codes, margin, stride * image.shape[0], shifts[group], size, base, table)
        for last in range(size - 1, 0, -1):
            _marginals(table, base, last, serves[group], pairs)
            for first in range(last):
                step = serves[group, first, last]
                if step >= 0:
                    _core_sums(pairs, first, core, apart[step], sums[step])
    if others:
        places, owns, ranks, levels = _others(image, codes, others, start, core, stride, margin)
        cells = np.zeros(levels.size * levels.size, np.uint32)
        touched = np.empty(2 * others, np.int64)
        for step in range(steps.shape[0]):
            met = _other_pairs(
                image, codes, core, stride, margin, steps[step], places, owns, ranks, levels.size,
                cells, touched,
            )  # fmt: skip
            _other_sums(cells, touched, met, levels, apart[step], sums[step])
    for step in range(steps.shape[0]):
        homogeneity[step] = _apart_sums(apart[step], sums[step])


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _encode(
    image: Image, start: np.int64, core: int, stride: int, margin: int
) -> tuple[Codes, int]:
    """Codes 0 to `core` - 1 of the core's levels, `core` elsewhere; and pixels that have that."""
    height, width = image.shape
    codes = np.full(height * stride + 2 * margin, np.uint8(core), np.uint8)
    low, other = np.uint16(start), np.uint16(core)
    others = 0
    for y in range(height):
        at = U(margin + y * stride)
        for x in range(width):
            # Levels below the first wrap around to high ones.
            code = min(np.uint16(image[y, x] - low), other)
            codes[at + U(x)] = np.uint8(code)
            others += code == other
    return codes, others


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _count(
    codes: Codes,
    margin: int,
    positions: int,
    shifts: Integers,
    size: int,
    base: int,
    table: Counts,
) -> None:
    """Count the codes at all points of a group, at every position where any is in the image."""
    index = np.empty(_CHUNK, np.uint16)
    factor = np.uint16(base)
    cells = U(base**size)
    for cell in range(2 * cells):
        table[cell] = np.uint32(0)
    furthest = 0
    for point in range(size):
        furthest = max(furthest, shifts[point])
    end = margin + positions
    for begin in range(margin - furthest, end, _CHUNK):
        n = min(_CHUNK, end - begin)
        one, two = U(begin + shifts[0]), U(begin + shifts[1])
        if size % 2:
            three = U(begin + shifts[2])
            for i in range(n):
                pair = codes[one + U(i)] * factor + codes[two + U(i)]
                index[i] = np.uint16(pair * factor + codes[three + U(i)])
        else:
            for i in range(n):
                index[i] = np.uint16(codes[one + U(i)] * factor + codes[two + U(i)])
        for point in range(2 + size % 2, size, 2):
            one, two = U(begin + shifts[point]), U(begin + shifts[point + 1])
            for i in range(n):
                more = index[i] * factor + codes[one + U(i)]
                index[i] = np.uint16(more * factor + codes[two + U(i)])
        # Alike neighbours are counted in two tables: a count need not wait for the one before.
        for i in range(0, n - 1, 2):
            table[index[i]] += np.uint32(1)
            table[cells + index[i + 1]] += np.uint32(1)
        if n % 2:
            table[index[n - 1]] += np.uint32(1)
    for cell in range(cells):
        table[cell] += table[cells + cell]


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _marginals(table: Counts, base: int, last: int, serves: Integers, pairs: Counts) -> None:
    """Joint counts of the last point with others that it serves; then the table without it."""
    for first in range(last):
        for x in range(base):
            for y in range(base):
                pairs[first, x, y] = np.uint32(0)
    for rest in range(base**last):
        at = U(rest * base)
        met = np.uint32(0)
        for code in range(base):
            met += table[at + U(code)]
        if met:
            digits = rest
            for first in range(last - 1, -1, -1):
                digit = U(digits % base)
                digits //= base
                if serves[first, last] >= 0:
                    for code in range(base):
                        pairs[U(first), digit, U(code)] += table[at + U(code)]
        table[rest] = met  # this cell has been read


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _core_sums(pairs: Counts, first: int, core: int, apart: Integers, sums: Integers) -> None:
    for x in range(core):
        both = 2 * np.int64(pairs[first, x, x])
        apart[0] += both
        sums[1] += both * x
        sums[2] += both * x * x
        sums[3] += both * x * x
        sums[4] += both * both
        for y in range(x):
            both = np.int64(pairs[first, x, y]) + np.int64(pairs[first, y, x])
            apart[x - y] += 2 * both
            sums[1] += both * (x + y)
            sums[2] += both * (x * x + y * y)
            sums[3] += 2 * both * x * y
            sums[4] += 2 * both * both


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _apart_sums(apart: Integers, sums: Integers) -> float:
    """Add the sums that need the levels' distances alone; return the homogeneity's."""
    homogeneity = 0.0
    for d in range(apart.size):
        sums[0] += apart[d]
        sums[5] += apart[d] * d * d
        sums[6] += apart[d] * d
        homogeneity += apart[d] / (1.0 + float(d) * d)
    return homogeneity


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _others(
    image: Image, codes: Codes, others: int, start: np.int64, core: int, stride: int, margin: int
) -> tuple[Integers, Integers, Integers, Integers]:
    """Pixels outside of the core and their levels, ranked behind those of the core.

    Returns:
        Their places in `codes`, where their levels' rows begin in a matrix of ranks, rank by
        level, and level by rank, counted from `start`.
    """
    places = np.empty(others + 1, np.int64)  # one more, for what is written and not kept
    met = 0
    for y in range(image.shape[0]):
        at = U(margin + y * stride)
        here = np.uint8(0)
        for x in range(image.shape[1]):
            here = max(here, codes[at + U(x)])
        if here == core:
            for x in range(image.shape[1]):
                places[U(met)] = margin + y * stride + x
                met += codes[at + U(x)] == core
    ranks = np.full(65536, -1, np.int64)
    levels = np.empty(core + others, np.int64)
    for code in range(core):
        levels[code] = code
    known = core
    owns = np.empty(others, np.int64)
    for other in range(others):
        level = image[(places[other] - margin) // stride, (places[other] - margin) % stride]
        if ranks[level] < 0:
            ranks[level] = known
            levels[known] = np.int64(level) - start
            known += 1
        owns[other] = ranks[level]
    for other in range(others):
        owns[other] *= known
    return places[:others], owns, ranks, levels[:known]


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _other_pairs(
    image: Image,
    codes: Codes,
    core: int,
    stride: int,
    margin: int,
    step: Integers,
    places: Integers,
    owns: Integers,
    ranks: Integers,
    levels: int,
    cells: Counts,
    touched: Integers,
) -> int:
    """Count the pairs of others in the lower half of a matrix of ranks; list the cells met."""
    down, right = step[0], step[1]
    met = 0
    for other in range(places.size):
        place, own = places[other], owns[other]
        for shift in (down * stride + right, -down * stride - right):
            code = np.int64(codes[U(place + shift)])
            cell = own + code
            if code == core:
                # Outside of the image, or a pair of two others, which is met from both ends.
                y, x = (place - margin) // stride + down, (place - margin) % stride + right
                if shift < 0 or y >= image.shape[0] or not 0 <= x < image.shape[1]:
                    continue
                rank = ranks[image[y, x]]
                cell = max(own, rank * levels) + min(own // levels, rank)
            touched[U(met)] = cell
            met += cells[U(cell)] == 0
            cells[U(cell)] += np.uint32(1)
    return met


@nb.njit(cache=True, nogil=True)  # pragma: no cover
def _other_sums(
    cells: Counts, touched: Integers, met: int, levels: Integers, apart: Integers, sums: Integers
) -> None:
    """Add what the touched cells hold, and clear them."""
    for index in range(met):
        cell = touched[index]
        both = np.int64(cells[cell])
        cells[cell] = np.uint32(0)
        x, y = levels[cell // levels.size], levels[cell % levels.size]
        apart[abs(x - y)] += 2 * both
        sums[1] += both * (x + y)
        sums[2] += both * (x * x + y * y)
        sums[3] += 2 * both * x * y
        sums[4] += (2 if x != y else 4) * both * both
