"""Which reflections any mosaic domain may bring onto the Ewald sphere and the detector.

Reciprocal lengths are in 1/Angstrom. The Ewald sphere has its centre at (-1/lambda, 0, 0), so that
the direction towards the point s is that of ``s + (1/lambda, 0, 0)``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from diffranet.simulator.beam import Beam
from diffranet.simulator.crystal import Crystal
from diffranet.simulator.factors import StructureFactors
from diffranet.simulator.geometry import Detector, FloatArray

TOPHAT_RADIUS = 0.63
"""Radius of the top-hat spot in units of 1/(N a): the same volume as the grating function."""

_CAPACITY = 65536


class Candidates(NamedTuple):
    """Reflections to be looked at, and the shape of their spots.

    Attributes:
        vectors: Reciprocal vectors of the unrotated crystal, (n, 3).
        squared: Their |F|^2, (n,).
        shape: diag(N) A, (3, 3): takes a displacement from a reflection to N dh.
        reach: How far a spot extends from its reciprocal lattice point.
    """

    vectors: FloatArray
    squared: FloatArray
    shape: FloatArray
    reach: float


def candidates(
    crystal: Crystal,
    factors: StructureFactors,
    detector: Detector,
    beam: Beam,
    *,
    mosaic: float,
    spread: float,
) -> Candidates:
    """List the reflections that may light a pixel.

    Args:
        crystal: Its orientation and the size of a domain.
        factors: Structure factors.
        detector: Geometry.
        beam: The pulse.
        mosaic: Largest rotation of a domain, radians.
        spread: Largest deviation of a wavelength from the mean, Angstrom.
    """
    shape = np.asarray(crystal.cells, dtype=np.float64)[:, None] * crystal.real_rows
    reach = TOPHAT_RADIUS / float(np.linalg.svd(shape, compute_uv=False)[-1])
    radius = 1.0 / beam.wavelength
    longest = 1.0 / (beam.wavelength - spread)
    shortest = 1.0 / (beam.wavelength + spread)
    # Reflections further out than the detector's corner can still reach in by their own size.
    limit = 2.0 * longest * math.sin(detector.max_two_theta() / 2.0) + reach
    # A sphere of another radius passes a reflection at another distance: |cos(2 theta) - 1| per
    # unit of radius, and 1 - cos(2 theta) = s^2/(2 k^2).
    shift = min(2.0, 0.5 * (limit / shortest) ** 2) * max(longest - radius, radius - shortest)
    capacity = _CAPACITY
    while True:
        vectors, squared = np.empty((capacity, 3)), np.empty(capacity)
        found = reflections_near_sphere(
            vectors,
            squared,
            np.linalg.inv(crystal.real_rows).T.copy(),
            factors.squared,
            np.asarray(factors.origin, dtype=np.int64),
            radius,
            reach + 1.1 * shift,
            mosaic * (1.0 + 1e-9),
            limit,
        )
        if found <= capacity:
            return Candidates(vectors[:found], squared[:found], shape, reach)
        capacity = found


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def reflections_near_sphere(
    vectors: FloatArray,
    values: FloatArray,
    reciprocal_rows: FloatArray,
    squared: FloatArray,
    origin: FloatArray,
    radius: float,
    reach: float,
    mosaic: float,
    limit: float,
) -> int:
    """Solve each row (h, k, *) for the indices l within a shell around the Ewald sphere.

    Args:
        vectors: Filled with vectors g of the unrotated crystal, (capacity, 3).
        values: Filled with their |F|^2, (capacity,).
        reciprocal_rows: Rows a*, b*, c*, (3, 3).
        squared: |F|^2, (nh, nk, nl); zero where there is nothing to see.
        origin: Miller index of its first entry, (3,).
        radius: 1/lambda.
        reach: Half the thickness of the shell that spots and spectrum make.
        mosaic: Largest rotation of a domain, radians.
        limit: Largest |g| of interest.

    Returns:
        How many reflections there are; what exceeds the capacity is counted, not stored.
    """
    nh, nk, nl = squared.shape
    count = 0
    slack = limit * mosaic + reach
    cx, cy, cz = reciprocal_rows[2]
    per_cc = 1.0 / (cx * cx + cy * cy + cz * cz)
    outer_sphere = (radius + slack) ** 2 * per_cc
    inner_sphere = (radius - slack) ** 2 * per_cc if radius > slack else -1.0
    limit_sphere = limit * limit * per_cc
    first_l = float(origin[2])
    last_l = float(origin[2] + nl - 1)
    for ih in range(nh):
        h = ih + origin[0]
        for ik in range(nk):
            k = ik + origin[1]
            px = h * reciprocal_rows[0, 0] + k * reciprocal_rows[1, 0]
            py = h * reciprocal_rows[0, 1] + k * reciprocal_rows[1, 1]
            pz = h * reciprocal_rows[0, 2] + k * reciprocal_rows[1, 2]
            # The row is cut by the sphere |g| <= limit.
            centre = (px * cx + py * cy + pz * cz) * per_cc
            squared_p = (px * px + py * py + pz * pz) * per_cc
            inside = centre * centre - squared_p + limit_sphere
            if inside < 0.0:
                continue
            # |p + l c* + k0|^2 is a parabola in l: cut it by the shell's two spheres.
            half = centre + radius * cx * per_cc
            gap = half * half - squared_p - (2.0 * px + radius) * radius * per_cc
            outer = gap + outer_sphere
            if outer < 0.0:
                continue
            inside = math.sqrt(inside)
            outer = math.sqrt(outer)
            low = max(-half - outer, -centre - inside, first_l)
            high = min(-half + outer, -centre + inside, last_l)
            gap_low = 0.0
            gap_high = 0.0
            if inner_sphere >= 0.0 and gap + inner_sphere > 0.0:
                inner = math.sqrt(gap + inner_sphere)
                gap_low = -half - inner
                gap_high = -half + inner
            l = math.ceil(low)  # noqa: E741
            while l <= high:
                if gap_low < l < gap_high:
                    l = math.ceil(gap_high)  # noqa: E741
                    continue
                value = squared[ih, ik, l - origin[2]]
                if value > 0.0 and not (h == 0 and k == 0 and l == 0):
                    gx = px + l * cx
                    gy = py + l * cy
                    gz = pz + l * cz
                    length = math.sqrt(gx * gx + gy * gy + gz * gz)
                    off = math.sqrt((gx + radius) ** 2 + gy * gy + gz * gz) - radius
                    if length <= limit and abs(off) <= length * mosaic + reach:
                        if count < values.size:
                            vectors[count, 0] = gx
                            vectors[count, 1] = gy
                            vectors[count, 2] = gz
                            values[count] = value
                        count += 1
                l += 1  # noqa: E741
    return count
