"""Compiled kernel of the continuous engine.

Compiled functions that call one another share this file; see the package's note.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt

from diffranet.simulator.engines.spectrum import CUT
from diffranet.simulator.engines.spots import (
    AA,
    AB,
    AI,
    ALONG_SLOW,
    AO,
    AX,
    BB,
    BI,
    BO,
    BX,
    FAR,
    FINAL_I,
    FINAL_O,
    FIRST_I,
    FIRST_O,
    LEAN_A,
    LEAN_B,
    LENGTH,
    NEAR,
    PER_THICK,
    SIGMA,
    UNIT,
    VALUE,
)
from diffranet.simulator.geometry import FloatArray

Places = npt.NDArray[np.uintp]

_ROUND = 1.2
"""Ratio of an ellipse's axes up to which it passes for a disc."""
_WIDE = 4.0
"""Half width of a spot, in largest tilts, from which on its edge passes for a line."""
_LINES = 9
LANES = 4
"""Double-precision numbers that a vector register of 256 bits holds."""


@nb.njit(inline="always")  # pragma: no cover
def _between(table: FloatArray, row: float, column: float) -> float:
    """Interpolate a table at a row and a column counted in its steps, below the last ones."""
    # Unsigned indices need no check for counting from the end.
    i = np.uintp(row)
    j = np.uintp(column)
    y = row - i
    x = column - j
    next_i = i + np.uintp(1)
    next_j = j + np.uintp(1)
    low = table[i, j] + x * (table[i, next_j] - table[i, j])
    high = table[next_i, j] + x * (table[next_i, next_j] - table[next_i, j])
    return low + y * (high - low)


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def _interpolate(table: FloatArray, row: float, column: float) -> float:
    """Interpolate a table at a row and a column between 0 and 1."""
    last_row, last_column = table.shape[0] - 1.0, table.shape[1] - 1.0
    return _between(
        table,
        min(row * last_row, last_row - 1e-9),
        min(column * last_column, last_column - 1e-9),
    )


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def _density_in_disc(distance: float, radius: float, pairs: FloatArray) -> float:
    """Mean density of tilts in a disc of radius up to 1."""
    last = pairs.shape[0] - 1.0
    least = last - 1e-9
    edge = 0.5 * last * ((distance - 1.0) / radius + 1.0)
    # The two tables lie side by side: the column tells which. At the far edge it is zero.
    column = min(distance * last, least) if edge <= 0.0 else last + 1.0 + min(edge, least)
    return _between(pairs, min(radius * last, least), column)


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def _share_near_round(
    u: float, v: float, aa: float, ab: float, bb: float, size: float, pairs: FloatArray
) -> float:
    """Mean density in an ellipse that is nearly a disc.

    It counts as a disc as wide as it is in the direction of the tilt: there lies the edge of the
    distribution that it may cross.
    """
    distance2 = max(u * u + v * v, 1e-12)
    form = max(aa * u * u + 2.0 * ab * u * v + bb * v * v, 1e-12 * aa)
    radius = min(1.0, math.sqrt(size * distance2 / form))
    return _density_in_disc(math.sqrt(distance2), radius, pairs)


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def _share_wide(
    u: float, v: float, aa: float, ab: float, bb: float, size: float, wide: FloatArray
) -> float:
    """Share of the domains where the spot is wider than all tilts: its edge is almost a line."""
    form = aa * u * u + 2.0 * ab * u * v + bb * v * v
    slope = 2.0 * math.hypot(aa * u + ab * v, ab * u + bb * v)
    # Distance to the edge; for a disc this is exact.
    gauge = math.sqrt(form)
    beyond = 2.0 * gauge * (gauge - math.sqrt(size)) / slope if slope > 0.0 else -2.0
    if beyond >= 1.0:
        return 0.0
    if beyond <= -1.0:
        return 1.0
    curvature = math.sqrt(math.sqrt(aa * bb - ab * ab) / size)
    return _interpolate(wide, min(1.0, curvature), 0.5 * (beyond + 1.0))


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def _share_long(
    u: float, v: float, aa: float, ab: float, bb: float, size: float, lines: FloatArray
) -> float:
    """Share of the domains in an ellipse of any shape: lines across it, Chebyshev's quadrature."""
    split = math.sqrt(0.25 * (aa - bb) * (aa - bb) + ab * ab)
    weak, strong = 0.5 * (aa + bb) - split, 0.5 * (aa + bb) + split
    if abs(ab) > 1e-12 * strong:
        du, dv = ab, weak - aa
        norm = 1.0 / math.hypot(du, dv)
        du, dv = du * norm, dv * norm
    elif aa <= bb:
        du, dv = 1.0, 0.0
    else:
        du, dv = 0.0, 1.0
    long = math.sqrt(size / weak)
    short = math.sqrt(size / strong)
    along = u * du + v * dv
    across = v * du - u * dv
    low = max(along - long, -1.0)
    high = min(along + long, 1.0)
    if low >= high:
        return 0.0
    total = 0.0
    for node in range(1, _LINES + 1):
        angle = math.pi * node / (_LINES + 1)
        line = 0.5 * (low + high) + 0.5 * (high - low) * math.cos(angle)
        reach = (line - along) / long
        half = short * math.sqrt(max(0.0, 1.0 - reach * reach))
        chord = math.sqrt(max(0.0, 1.0 - line * line))
        if chord > 0.0:
            total += (
                math.sin(angle)
                * chord
                * (
                    _on_line(abs(line), (across + half) / chord, lines)
                    - _on_line(abs(line), (across - half) / chord, lines)
                )
            )
    return total * 0.5 * (high - low) * math.pi / (_LINES + 1)


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def _on_line(line: float, to: float, lines: FloatArray) -> float:
    """Integral of the density along a line from its middle, odd in ``to``, per half chord."""
    column = min(abs(to), 1.0)
    part = _interpolate(lines, line, column)
    return part if to >= 0.0 else -part


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def _meet(
    i: float,
    o: float,
    radius: float,
    distance: float,
    spot: FloatArray,
    areas: FloatArray,
    sizes: FloatArray,
) -> tuple[float, float, float, float]:
    """Bring one subpixel's scattering vector before a spot.

    Args:
        i: Place of the subpixel along the row, relative to the beam.
        o: Place of the row.
        radius: 1/lambda.
        distance: Detector distance.
        spot: Row of ``spots.describe_spots``, (columns,).
        areas: First of ``spectrum.spectrum_tables()``.
        sizes: Second of them.

    Returns:
        Tilt that brings the reflection here, two components in units of the largest; area of the
        section of the spot, and square of its linear size, both relative to those at its middle.
    """
    ray = radius / math.sqrt(distance * distance + o * o + i * i)
    sx = distance * ray - radius
    so = o * ray
    si = i * ray
    per_length = 1.0 / spot[LENGTH]
    delta = math.sqrt(max(-2.0 * radius * sx, 1e-24)) - spot[LENGTH]
    x = abs(delta) * spot[PER_THICK]
    area = 1.0 - x * x
    size = area
    sigma = spot[SIGMA]
    if sigma > 0.0:
        row = sigma / (1.0 + sigma)
        column = min(1.0, x / (1.0 + CUT * sigma))
        area = _interpolate(areas, row, column)
        size = _interpolate(sizes, row, column)
        thick = 1.0 / spot[PER_THICK]
        delta = max(-thick, min(thick, delta))
    u = sx * spot[AX] + so * spot[AO] + si * spot[AI]
    v = sx * spot[BX] + so * spot[BO] + si * spot[BI]
    # From a sine of the tilt at |s| to its chord at |g|: |g|/|s| and the cosine's expansions, of
    # which the next terms are far below the table's error.
    longer = delta * per_length
    fit = 1.0 - longer + longer * longer
    fit *= 1.0 + 0.125 * (u * u + v * v) * per_length * per_length
    u = (u * fit + delta * spot[LEAN_A]) * spot[UNIT]
    v = (v * fit + delta * spot[LEAN_B]) * spot[UNIT]
    return u, v, area, size


@nb.njit(
    cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"}
)  # pragma: no cover
def _near_round_run(
    work: FloatArray,
    first: float,
    count: int,
    o: float,
    radius: float,
    distance: float,
    spot: FloatArray,
    last: float,
) -> None:
    """Prepare the look-ups of a run of subpixels where spots are nearly round and not wide.

    The loop has neither branches nor indirect access, so that the compiler vectorizes it. See
    ``_meet`` and ``_density_in_disc``, the general case, which this repeats.

    Args:
        work: Row, column and area of each look-up, (3, subpixels); filled.
        first: Place of the first subpixel along the run, relative to the beam.
        count: Number of subpixels.
        o: Place of the run across it.
        radius: 1/lambda.
        distance: Detector distance.
        spot: The spot's row of ``spots.describe_spots``, (columns,).
        last: Last row of the tables.
    """
    length, per_thick, unit = spot[LENGTH], spot[PER_THICK], spot[UNIT]
    per_length = 1.0 / length
    ax, ao, ai, bx, bo, bi = spot[AX], spot[AO], spot[AI], spot[BX], spot[BO], spot[BI]
    lean_a, lean_b, aa, ab, bb = spot[LEAN_A], spot[LEAN_B], spot[AA], spot[AB], spot[BB]
    half_last = 0.5 * last
    least = last - 1e-9
    for t in range(count):
        i = first + t
        ray = radius / math.sqrt(distance * distance + o * o + i * i)
        sx = distance * ray - radius
        so = o * ray
        si = i * ray
        delta = math.sqrt(max(-2.0 * radius * sx, 1e-24)) - length
        x = delta * per_thick
        area = max(1.0 - x * x, 1e-9)
        u = sx * ax + so * ao + si * ai
        v = sx * bx + so * bo + si * bi
        longer = delta * per_length
        fit = 1.0 - longer + longer * longer
        fit *= 1.0 + 0.125 * (u * u + v * v) * per_length * per_length
        u = (u * fit + delta * lean_a) * unit
        v = (v * fit + delta * lean_b) * unit
        distance2 = max(u * u + v * v, 1e-12)
        form = max(aa * u * u + 2.0 * ab * u * v + bb * v * v, 1e-12 * aa)
        disc = min(1.0, math.sqrt(area * distance2 / form))
        tilt = math.sqrt(distance2)
        edge = half_last * ((tilt - 1.0) / disc + 1.0)
        column = min(tilt * last, least) if edge <= 0.0 else last + 1.0 + min(edge, least)
        work[0, t] = min(disc * last, least)
        work[1, t] = column
        work[2, t] = area


@nb.njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"})  # pragma: no cover
def accumulate_shares(
    sums: FloatArray,
    spots: FloatArray,
    radius: float,
    distance: float,
    beam: FloatArray,
    slow_place: Places,
    fast_place: Places,
    pairs: FloatArray,
    wide: FloatArray,
    lines: FloatArray,
    areas: FloatArray,
    sizes: FloatArray,
) -> None:
    """Add to each pixel |F|^2 times the share of domains, at each subpixel.

    Lengths on the detector are in subpixels, places in subpixel indices.

    Args:
        sums: Sums of the flattened image; changed in place.
        spots: Rows of ``spots.describe_spots``, (n, columns).
        radius: 1/lambda.
        distance: Detector distance.
        beam: Where the beam meets the detector, slow and fast index.
        slow_place: Offset in ``sums`` of each subpixel row.
        fast_place: Offset within the row of each subpixel column.
        pairs: First of ``mosaic_limit.share_tables()``.
        wide: Second of them.
        lines: ``mosaic_limit.line_table()``.
        areas: First of ``spectrum.spectrum_tables()``.
        sizes: Second of them.
    """
    last = pairs.shape[0] - 1.0
    work = np.empty((3, max(slow_place.size, fast_place.size) + LANES))
    for index in range(spots.shape[0]):
        spot = spots[index]
        value, sigma, near, far = spot[VALUE], spot[SIGMA], spot[NEAR], spot[FAR]
        aa, ab, bb = spot[AA], spot[AB], spot[BB]
        whole = math.pi / math.sqrt(aa * bb - ab * ab)
        split = math.sqrt(0.25 * (aa - bb) * (aa - bb) + ab * ab)
        weak, strong = 0.5 * (aa + bb) - split, 0.5 * (aa + bb) + split
        near_round = strong <= _ROUND * _ROUND * weak
        if spot[ALONG_SLOW] > 0.0:
            outer_place, inner_place = slow_place, fast_place
            outer_beam, inner_beam = beam[0], beam[1]
        else:
            outer_place, inner_place = fast_place, slow_place
            outer_beam, inner_beam = beam[1], beam[0]
        for outer in range(int(spot[FIRST_O]), int(spot[FINAL_O]) + 1):
            o = outer - outer_beam
            rest = far * far - o * o
            if rest <= 0.0:
                continue
            end = math.sqrt(rest)
            gap = near * near - o * o
            start = math.sqrt(gap) if gap > 0.0 else -1.0
            base = outer_place[outer]
            for side in range(2):
                if start < 0.0:
                    if side == 1:
                        break
                    begin, stop = -end, end
                elif side == 0:
                    begin, stop = start, end
                else:
                    begin, stop = -end, -start
                begin = max(spot[FIRST_I], math.ceil(inner_beam + begin))
                stop = min(spot[FINAL_I], math.floor(inner_beam + stop))
                count = int(stop - begin) + 1
                if begin > stop:
                    continue
                first = np.uintp(begin)
                if near_round and strong > 1.0 and sigma == 0.0:
                    # Whole groups only: the compiler has slow code for what is left.
                    padded = (count + LANES - 1) // LANES * LANES
                    _near_round_run(
                        work, begin - inner_beam, padded, o, radius, distance, spot, last
                    )
                    for t in range(count):
                        share = work[2, t] * _between(pairs, work[0, t], work[1, t])
                        sums[base + inner_place[first + np.uintp(t)]] += value * whole * share
                    continue
                for t in range(count):
                    u, v, area, size = _meet(
                        begin - inner_beam + t, o, radius, distance, spot, areas, sizes
                    )
                    if area <= 0.0 or size <= 0.0:
                        continue
                    if near_round and size < strong:
                        share = area * whole * _share_near_round(u, v, aa, ab, bb, size, pairs)
                    elif near_round or size > _WIDE * _WIDE * strong:
                        share = area / size * _share_wide(u, v, aa, ab, bb, size, wide)
                    else:
                        share = area / size * _share_long(u, v, aa, ab, bb, size, lines)
                    sums[base + inner_place[first + np.uintp(t)]] += value * share
