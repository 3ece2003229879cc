"""Compiled kernel of the continuous engine.

All compiled functions that call one another share this file: a stored compilation is renewed only
when its own file changes.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt

from diffranet.simulator.engines.mosaic_limit import EDGE, INNER, WIDE
from diffranet.simulator.engines.reflections import TOPHAT_RADIUS
from diffranet.simulator.engines.spectrum import CUT
from diffranet.simulator.geometry import FloatArray

Places = npt.NDArray[np.uintp]

_ROUND = 1.2
"""Ratio of an ellipse's axes up to which it passes for a disc."""
_WIDE = 4.0
"""Half width of a spot, in largest tilts, from which on its edge passes for a line."""
_LINES = 9


@nb.njit(inline="always")  # pragma: no cover
def _interpolate(table: FloatArray, sheet: int, row: float, column: float) -> float:
    """Look up a sheet at a row and a column between 0 and 1, linearly."""
    y = row * (table.shape[1] - 1)
    x = column * (table.shape[2] - 1)
    # Unsigned indices need no check for counting from the end.
    i = np.uintp(min(y, table.shape[1] - 1.5))
    j = np.uintp(min(x, table.shape[2] - 1.5))
    x -= j
    next_i = i + np.uintp(1)
    next_j = j + np.uintp(1)
    low = table[sheet, i, j] + x * (table[sheet, i, next_j] - table[sheet, i, j])
    high = table[sheet, next_i, j] + x * (table[sheet, next_i, next_j] - table[sheet, next_i, j])
    return low + (y - i) * (high - low)


@nb.njit(inline="always")  # pragma: no cover
def _density_in_disc(distance: float, radius: float, table: FloatArray) -> float:
    """Mean density of tilts in a disc of radius up to 1."""
    edge = 0.5 * ((distance - 1.0) / radius + 1.0)
    # No branch where either side is as likely; at the far edge the table is zero.
    sheet = INNER if edge <= 0.0 else EDGE
    column = distance if edge <= 0.0 else min(edge, 1.0)
    return _interpolate(table, sheet, radius, column)


@nb.njit(inline="always")  # pragma: no cover
def _share_near_round(
    u: float, v: float, aa: float, ab: float, bb: float, size: float, table: FloatArray
) -> float:
    """Mean density in an ellipse that is nearly a disc.

    It counts as a disc as wide as it is in the direction of the tilt: there lies the edge of the
    distribution that it may cross.
    """
    distance2 = max(u * u + v * v, 1e-12)
    form = max(aa * u * u + 2.0 * ab * u * v + bb * v * v, 1e-12 * aa)
    radius = min(1.0, math.sqrt(size * distance2 / form))
    return _density_in_disc(math.sqrt(distance2), radius, table)


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def _share_wide(
    u: float, v: float, aa: float, ab: float, bb: float, size: float, table: FloatArray
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
    return _interpolate(table, WIDE, min(1.0, curvature), 0.5 * (beyond + 1.0))


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


@nb.njit(inline="always")  # pragma: no cover
def _on_line(line: float, to: float, lines: FloatArray) -> float:
    """Integral of the density along a line from its middle, odd in ``to``, per half chord."""
    column = min(abs(to), 1.0)
    part = _interpolate(lines, 0, line, column)
    return part if to >= 0.0 else -part


_STEEPEST = 0.02
"""Cosine of the largest deflection that is followed; a flat detector never sees 90 degrees."""


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def _patch_bounds(
    length: float,
    half: float,
    no: float,
    ni: float,
    angle: float,
    radius: float,
    distance: float,
) -> tuple[float, float, float, float, float, float]:
    """Bound the points of the detector whose scattering vector comes near a reflection.

    Args:
        length: |g|.
        half: Most that |s| may differ from it.
        no: Along the detector's first axis.
        ni: Along its second axis.
        angle: Most that the direction of s may differ from that of g.
        radius: 1/lambda.
        distance: Detector distance.

    Returns:
        Inner and outer radius of the ring, lowest and highest coordinate along the first axis and
        along the second, relative to the beam, in the unit of ``distance``. An outer radius of
        zero where there is nothing.
    """
    shortest = max(length - half, 0.0)
    longest = length + half
    cos_near = 1.0 - shortest * shortest / (2.0 * radius * radius)
    cos_far = max(1.0 - longest * longest / (2.0 * radius * radius), _STEEPEST)
    if cos_near <= _STEEPEST:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    near = distance * math.sqrt(1.0 - cos_near * cos_near) / cos_near
    far = distance * math.sqrt(1.0 - cos_far * cos_far) / cos_far
    across = math.sqrt(no * no + ni * ni)
    # A spherical triangle of -x, g and s: its angle at -x is the azimuth between s and g.
    upright = math.sqrt(max(1.0 - longest * longest / (4.0 * radius * radius), 0.0)) * across
    sine = math.sin(0.5 * min(angle, math.pi))
    if sine * sine >= 0.5 * upright:
        return near, far, -far, far, -far, far
    turn = sine * sine / upright
    cos_turn = 1.0 - 2.0 * turn
    sin_turn = 2.0 * math.sqrt(turn * (1.0 - turn))
    po, pi = no / across, ni / across
    ao, ai = po * cos_turn - pi * sin_turn, pi * cos_turn + po * sin_turn
    bo, bi = po * cos_turn + pi * sin_turn, pi * cos_turn - po * sin_turn
    high_o = far if po > cos_turn else _outermost(max(ao, bo), near, far)
    low_o = -far if po < -cos_turn else -_outermost(-min(ao, bo), near, far)
    high_i = far if pi > cos_turn else _outermost(max(ai, bi), near, far)
    low_i = -far if pi < -cos_turn else -_outermost(-min(ai, bi), near, far)
    return near, far, low_o, high_o, low_i, high_i


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def _outermost(direction: float, near: float, far: float) -> float:
    return direction * (far if direction > 0.0 else near)


@nb.njit(inline="always")  # pragma: no cover
def _form(matrix: FloatArray, x: float, y: float, z: float) -> float:
    """Quadratic form of a symmetric (3, 3) matrix."""
    return (
        x * (matrix[0, 0] * x + 2.0 * matrix[0, 1] * y + 2.0 * matrix[0, 2] * z)
        + y * (matrix[1, 1] * y + 2.0 * matrix[1, 2] * z)
        + matrix[2, 2] * z * z
    )


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def _section(
    metric: FloatArray, nx: float, ny: float, nz: float
) -> tuple[float, float, float, float, float, float, float, float, float, float, float]:
    """Cut the ellipsoid of a spot across a direction.

    Args:
        metric: Its quadratic form, (3, 3).
        nx: The direction.
        ny: The same.
        nz: The same.

    Returns:
        Two unit vectors a and b across the direction; the form over them, aa, ab, bb; and how far
        the section's centre moves along each, per unit of distance from the ellipsoid's centre.
    """
    if abs(nx) < 0.9:
        t = 1.0 / math.sqrt(ny * ny + nz * nz)
        ax, ay, az = 0.0, nz * t, -ny * t
    else:
        t = 1.0 / math.sqrt(nx * nx + ny * ny)
        ax, ay, az = ny * t, -nx * t, 0.0
    bx, by, bz = ny * az - nz * ay, nz * ax - nx * az, nx * ay - ny * ax
    px = metric[0, 0] * ax + metric[0, 1] * ay + metric[0, 2] * az
    py = metric[1, 0] * ax + metric[1, 1] * ay + metric[1, 2] * az
    pz = metric[2, 0] * ax + metric[2, 1] * ay + metric[2, 2] * az
    aa = px * ax + py * ay + pz * az
    ab = px * bx + py * by + pz * bz
    an = px * nx + py * ny + pz * nz
    px = metric[0, 0] * bx + metric[0, 1] * by + metric[0, 2] * bz
    py = metric[1, 0] * bx + metric[1, 1] * by + metric[1, 2] * bz
    pz = metric[2, 0] * bx + metric[2, 1] * by + metric[2, 2] * bz
    bb = px * bx + py * by + pz * bz
    bn = px * nx + py * ny + pz * nz
    determinant = aa * bb - ab * ab
    lean_a = (bb * an - ab * bn) / determinant
    lean_b = (aa * bn - ab * an) / determinant
    return ax, ay, az, bx, by, bz, aa, ab, bb, lean_a, lean_b


@nb.njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"})  # pragma: no cover
def accumulate_shares(
    sums: FloatArray,
    vectors: FloatArray,
    squared: FloatArray,
    metric: FloatArray,
    inverse: FloatArray,
    reach: float,
    mosaic: float,
    bandwidth: float,
    radius: float,
    distance: float,
    beam: FloatArray,
    slow_place: Places,
    fast_place: Places,
    table: FloatArray,
    lines: FloatArray,
    spectrum: FloatArray,
) -> None:
    """Add to each pixel |F|^2 times the share of domains, at each subpixel.

    Lengths on the detector are in subpixels, places in subpixel indices. The axes are the beam,
    slow and fast.

    Args:
        sums: Sums of the flattened image; changed in place.
        vectors: Reciprocal vectors, (n, 3).
        squared: Their |F|^2, (n,).
        metric: (diag(N) A)^T diag(N) A, (3, 3): the ellipsoid of a spot.
        inverse: Inverse of the metric.
        reach: The spot's longest half axis.
        mosaic: Largest rotation of a domain, radians.
        bandwidth: RMS of the spectrum relative to the mean wavelength.
        radius: 1/lambda.
        distance: Detector distance.
        beam: Where the beam meets the detector, slow and fast index.
        slow_place: Offset in ``sums`` of each subpixel row.
        fast_place: Offset within the row of each subpixel column.
        table: ``mosaic_limit.share_tables()``.
        lines: ``mosaic_limit.line_table()``.
        spectrum: ``spectrum.spectrum_tables()``.
    """
    cut = TOPHAT_RADIUS**2
    chord = 2.0 * math.sin(0.5 * mosaic)
    for index in range(vectors.shape[0]):
        gx = vectors[index, 0]
        gy = vectors[index, 1]
        gz = vectors[index, 2]
        length = math.sqrt(gx * gx + gy * gy + gz * gz)
        per_length = 1.0 / length
        nx, ny, nz = gx * per_length, gy * per_length, gz * per_length
        # The ellipsoid's half thickness along g.
        thick = math.sqrt(cut * _form(inverse, nx, ny, nz))
        sigma = length * bandwidth / thick
        half = thick * (1.0 + CUT * sigma)
        # Crossed along the axis that its tangential streak follows, a spot has few and long rows.
        if abs(gy) >= abs(gz):
            outer_place, inner_place = slow_place, fast_place
            outer_beam, inner_beam = beam[0], beam[1]
            along_slow = True
        else:
            outer_place, inner_place = fast_place, slow_place
            outer_beam, inner_beam = beam[1], beam[0]
            along_slow = False
        near, far, low_o, high_o, low_i, high_i = _patch_bounds(
            length,
            half,
            ny if along_slow else nz,
            nz if along_slow else ny,
            mosaic + math.asin(min(1.0, reach * per_length)),
            radius,
            distance,
        )
        if far <= 0.0:
            continue
        first_o = max(0, math.ceil(outer_beam + low_o))
        final_o = min(outer_place.size - 1, math.floor(outer_beam + high_o))
        first_i = max(0, math.ceil(inner_beam + low_i))
        final_i = min(inner_place.size - 1, math.floor(inner_beam + high_i))
        if first_o > final_o or first_i > final_i:
            continue
        unit = per_length / chord
        ax, ay, az, bx, by, bz, aa, ab, bb, lean_a, lean_b = _section(metric, nx, ny, nz)
        # in units of the largest tilt, and of cut
        scale = 1.0 / (unit * unit * cut)
        aa, ab, bb = aa * scale, ab * scale, bb * scale
        whole = math.pi / math.sqrt(aa * bb - ab * ab)
        split = math.sqrt(0.25 * (aa - bb) * (aa - bb) + ab * ab)
        weak, strong = 0.5 * (aa + bb) - split, 0.5 * (aa + bb) + split
        near_round = strong <= _ROUND * _ROUND * weak
        per_thick = 1.0 / thick
        ao, ai, bo, bi = (ay, az, by, bz) if along_slow else (az, ay, bz, by)
        value = squared[index]
        for outer in range(first_o, final_o + 1):
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
                begin = max(float(first_i), math.ceil(inner_beam + begin))
                stop = min(float(final_i), math.floor(inner_beam + stop))
                for inner in range(int(begin), int(stop) + 1):
                    i = inner - inner_beam
                    ray = radius / math.sqrt(distance * distance + o * o + i * i)
                    sx = distance * ray - radius
                    so = o * ray
                    si = i * ray
                    s = math.sqrt(max(-2.0 * radius * sx, 1e-24))
                    delta = s - length
                    x = abs(delta) * per_thick
                    area = 1.0 - x * x
                    size = area
                    if sigma > 0.0:
                        row = sigma / (1.0 + sigma)
                        column = min(1.0, x / (1.0 + CUT * sigma))
                        area = _interpolate(spectrum, 0, row, column)
                        size = _interpolate(spectrum, 1, row, column)
                        delta = max(-thick, min(thick, delta))
                    if area <= 0.0 or size <= 0.0:
                        continue
                    u = sx * ax + so * ao + si * ai
                    v = sx * bx + so * bo + si * bi
                    # from a sine of the tilt at |s| to its chord at |g|
                    fit = length / s * (1.0 + 0.125 * (u * u + v * v) * per_length * per_length)
                    u = (u * fit + delta * lean_a) * unit
                    v = (v * fit + delta * lean_b) * unit
                    if near_round and size < strong:
                        share = area * whole * _share_near_round(u, v, aa, ab, bb, size, table)
                    elif near_round or size > _WIDE * _WIDE * strong:
                        share = area / size * _share_wide(u, v, aa, ab, bb, size, table)
                    else:
                        share = area / size * _share_long(u, v, aa, ab, bb, size, lines)
                    sums[base + inner_place[inner]] += value * share
