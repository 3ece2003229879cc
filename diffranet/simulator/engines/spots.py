"""Where on the detector each mosaic spot may lie, and the shape of its section.

What is found for a reflection is a row of numbers, in columns named here; the kernel that walks the
subpixels reads them.
"""

from __future__ import annotations

import math

import numba as nb

from diffranet.simulator.engines.reflections import TOPHAT_RADIUS
from diffranet.simulator.engines.spectrum import CUT
from diffranet.simulator.geometry import FloatArray

N_COLUMNS = 23
VALUE, LENGTH, PER_THICK, SIGMA, ALONG_SLOW, NEAR, FAR, UNIT = range(8)
"""|F|^2; |g|; inverse half thickness of the spot along g; width of the spectrum relative to that
half thickness; whether rows run along the fast axis; ring around the beam; inverse of the largest
shift by a tilt."""
FIRST_O, FINAL_O, FIRST_I, FINAL_I = range(8, 12)
"""Rows to be walked, and places along them."""
AX, AO, AI, BX, BO, BI = range(12, 18)
"""Two directions across g: along the beam, across the rows, along the rows."""
LEAN_A, LEAN_B, AA, AB, BB = range(18, 23)
"""How the section's centre moves with its distance from g's sphere; and the section's quadratic
form in units of the largest tilt, below the section's relative size."""

_STEEPEST = 0.02
"""Cosine of the largest deflection that is followed; a flat detector never sees 90 degrees."""


@nb.njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"})  # pragma: no cover
def describe_spots(
    spots: FloatArray,
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
    size: FloatArray,
) -> int:
    """Describe the spots of some reflections that may touch the detector.

    Lengths on the detector are in subpixels, places in subpixel indices. The axes are the beam,
    slow and fast.

    Args:
        spots: Filled with one row for each spot, (n, columns).
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
        size: Subpixels along slow and fast.

    Returns:
        Number of rows filled.
    """
    cut = TOPHAT_RADIUS**2
    chord = 2.0 * math.sin(0.5 * mosaic)
    count = 0
    for index in range(vectors.shape[0]):
        gx = vectors[index, 0]
        gy = vectors[index, 1]
        gz = vectors[index, 2]
        length = math.sqrt(gx * gx + gy * gy + gz * gz)
        per_length = 1.0 / length
        nx, ny, nz = gx * per_length, gy * per_length, gz * per_length
        thick = math.sqrt(cut * _form(inverse, nx, ny, nz))
        sigma = length * bandwidth / thick
        # Crossed along the axis that its tangential streak follows, a spot has few and long rows.
        along_slow = abs(ny) >= abs(nz)
        no, ni = (ny, nz) if along_slow else (nz, ny)
        beam_o, beam_i = (beam[0], beam[1]) if along_slow else (beam[1], beam[0])
        size_o, size_i = (size[0], size[1]) if along_slow else (size[1], size[0])
        near, far, low_o, high_o, low_i, high_i = _patch_bounds(
            length,
            thick * (1.0 + CUT * sigma),
            no,
            ni,
            mosaic + math.asin(min(1.0, reach * per_length)),
            radius,
            distance,
        )
        first_o = max(0.0, math.ceil(beam_o + low_o))
        final_o = min(size_o - 1.0, math.floor(beam_o + high_o))
        first_i = max(0.0, math.ceil(beam_i + low_i))
        final_i = min(size_i - 1.0, math.floor(beam_i + high_i))
        if far <= 0.0 or first_o > final_o or first_i > final_i:
            continue
        unit = per_length / chord
        ax, ay, az, bx, by, bz, aa, ab, bb, lean_a, lean_b = _section(metric, nx, ny, nz)
        scale = 1.0 / (unit * unit * cut)
        spot = spots[count]
        spot[VALUE], spot[LENGTH], spot[PER_THICK] = squared[index], length, 1.0 / thick
        spot[SIGMA], spot[ALONG_SLOW], spot[UNIT] = sigma, 1.0 if along_slow else 0.0, unit
        spot[NEAR], spot[FAR] = near, far
        spot[FIRST_O], spot[FINAL_O], spot[FIRST_I], spot[FINAL_I] = (
            first_o,
            final_o,
            first_i,
            final_i,
        )
        spot[AX], spot[AO], spot[AI] = ax, ay if along_slow else az, az if along_slow else ay
        spot[BX], spot[BO], spot[BI] = bx, by if along_slow else bz, bz if along_slow else by
        spot[LEAN_A], spot[LEAN_B] = lean_a, lean_b
        spot[AA], spot[AB], spot[BB] = aa * scale, ab * scale, bb * scale
        count += 1
    return count


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


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
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
