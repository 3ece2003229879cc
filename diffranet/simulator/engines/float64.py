"""The exact engine: every domain of every reflection, in double precision.

The result is nanoBragg's, bound for bound, to rounding; the other engines are tested against it.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt

from diffranet.simulator.beam import Beam
from diffranet.simulator.crystal import Crystal
from diffranet.simulator.engines.domains import domain_radii, largest_spread
from diffranet.simulator.engines.reflections import TOPHAT_RADIUS, Candidates, candidates
from diffranet.simulator.factors import StructureFactors
from diffranet.simulator.geometry import Detector, FloatArray
from diffranet.simulator.mosaic import largest_angle

IntArray = npt.NDArray[np.int64]


def sums_float64(
    crystal: Crystal, factors: StructureFactors, detector: Detector, beam: Beam
) -> FloatArray:
    """Mean over the domains of |F|^2 summed over the lit subpixels of each pixel, (slow, fast)."""
    found = candidates(
        crystal,
        factors,
        detector,
        beam,
        mosaic=largest_angle(crystal.domain_rotations),
        spread=largest_spread(beam),
    )
    sums = np.zeros(detector.shape)
    add_float64(sums, found, crystal, detector, beam)
    return sums / len(crystal.domain_rotations)


def add_float64(
    sums: FloatArray, found: Candidates, crystal: Crystal, detector: Detector, beam: Beam
) -> None:
    """Add the spots of some reflections to ``sums``, over all domains."""
    rotations = np.ascontiguousarray(crystal.domain_rotations, dtype=np.float64)
    oversample = detector.oversample
    accumulate_spots(
        sums,
        found.vectors,
        found.squared,
        rotations,
        np.ascontiguousarray(rotations[:, 0].T),
        # diag(N) A U^T of every domain: takes a displacement from a reflection to N dh.
        np.ascontiguousarray(found.shape @ rotations.transpose(0, 2, 1)),
        np.asarray(crystal.cells, dtype=np.float64),
        # Below two cells per axis the top hat is wider than the cell's half, where h0 changes.
        min(crystal.cells) * 0.5 < TOPHAT_RADIUS,
        domain_radii(beam, len(rotations)),
        found.reach,
        TOPHAT_RADIUS**2,
        detector.distance_mm,
        detector.beam_slow_mm,
        detector.beam_fast_mm,
        detector.pixel_mm / oversample,
        np.arange(detector.n_slow * oversample) // oversample,
        np.arange(detector.n_fast * oversample) // oversample,
    )


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def accumulate_spots(
    image: FloatArray,
    vectors: FloatArray,
    squared: FloatArray,
    rotations: FloatArray,
    first_rows: FloatArray,
    shapes: FloatArray,
    cells: FloatArray,
    crowded: bool,
    radii: FloatArray,
    reach: float,
    cut: float,
    distance: float,
    beam_slow: float,
    beam_fast: float,
    sub: float,
    slow_pixel: IntArray,
    fast_pixel: IntArray,
) -> None:
    """Add |F|^2 to a pixel for each of its subpixels and each domain that lights it.

    Args:
        image: Sums, (slow, fast); changed in place.
        vectors: Reciprocal vectors of the unrotated crystal, (n, 3).
        squared: Their |F|^2, (n,).
        rotations: Domain rotations U, (domains, 3, 3).
        first_rows: Their first rows, transposed, (3, domains).
        shapes: diag(N) A U^T of each domain, (domains, 3, 3).
        cells: Unit cells per axis, (3,).
        crowded: Whether spots of neighbouring reflections meet.
        radii: 1/lambda of each domain, (domains,).
        reach: How far a spot extends from its reciprocal lattice point.
        cut: Square of the top-hat radius in units of N dh.
        distance: Detector distance.
        beam_slow: Beam position along the slow axis.
        beam_fast: Beam position along the fast axis.
        sub: Edge of a subpixel.
        slow_pixel: Pixel row of each subpixel row.
        fast_pixel: Pixel column of each subpixel column.
    """
    last_slow = slow_pixel.size - 1
    last_fast = fast_pixel.size - 1
    domains = radii.size
    off_sphere = np.empty(domains)
    for index in range(vectors.shape[0]):
        gx, gy, gz = vectors[index]
        value = squared[index]
        length2 = gx * gx + gy * gy + gz * gz
        # A loop of its own, because the compiler vectorizes it: most domains miss the sphere.
        for domain in range(domains):
            off_sphere[domain] = length2 + 2.0 * radii[domain] * (
                first_rows[0, domain] * gx + first_rows[1, domain] * gy + first_rows[2, domain] * gz
            )
        for domain in range(domains):
            radius = radii[domain]
            if abs(off_sphere[domain]) > 2.0 * reach * radius + reach * reach:
                continue
            # A spot lies within the cone of half-angle alpha around its centre.
            sin_alpha = min(1.0, reach / radius)
            cos_alpha = math.sqrt(1.0 - sin_alpha * sin_alpha)
            u = rotations[domain]
            vx = u[0, 0] * gx + u[0, 1] * gy + u[0, 2] * gz
            vy = u[1, 0] * gx + u[1, 1] * gy + u[1, 2] * gz
            vz = u[2, 0] * gx + u[2, 1] * gy + u[2, 2] * gz
            inverse = 1.0 / math.sqrt((vx + radius) ** 2 + vy * vy + vz * vz)
            cos_2theta = (vx + radius) * inverse
            sin_2theta = math.sqrt(max(0.0, 1.0 - cos_2theta * cos_2theta))
            nearest_edge = cos_2theta * cos_alpha + sin_2theta * sin_alpha
            if nearest_edge <= 0.0:
                continue
            farthest_edge = cos_2theta * cos_alpha - sin_2theta * sin_alpha
            if cos_2theta > 0.0 and farthest_edge > 1e-6:
                # Exact radial extent of that cone in the detector plane; the other way is less.
                window = distance * sin_alpha / (cos_2theta * farthest_edge) / sub + 1e-6
                along = distance / (vx + radius)
                slow = (beam_slow - along * vy) / sub - 0.5
                fast = (beam_fast + along * vz) / sub - 0.5
                if (
                    slow + window < 0.0
                    or fast + window < 0.0
                    or slow - window > last_slow
                    or fast - window > last_fast
                ):
                    continue
                first_i = max(0, math.ceil(slow - window))
                final_i = min(last_slow, math.floor(slow + window))
                first_j = max(0, math.ceil(fast - window))
                final_j = min(last_fast, math.floor(fast + window))
            else:
                first_i, final_i, first_j, final_j = 0, last_slow, 0, last_fast
            m = shapes[domain]
            for i in range(first_i, final_i + 1):
                y = beam_slow - (i + 0.5) * sub
                for j in range(first_j, final_j + 1):
                    z = (j + 0.5) * sub - beam_fast
                    to_sphere = radius / math.sqrt(distance * distance + y * y + z * z)
                    qx = distance * to_sphere - radius - vx
                    qy = y * to_sphere - vy
                    qz = z * to_sphere - vz
                    da = m[0, 0] * qx + m[0, 1] * qy + m[0, 2] * qz
                    db = m[1, 0] * qx + m[1, 1] * qy + m[1, 2] * qz
                    dc = m[2, 0] * qx + m[2, 1] * qy + m[2, 2] * qz
                    if da * da + db * db + dc * dc >= cut:
                        continue
                    if crowded and not (
                        -0.5 < da / cells[0] <= 0.5
                        and -0.5 < db / cells[1] <= 0.5
                        and -0.5 < dc / cells[2] <= 0.5
                    ):
                        continue
                    image[slow_pixel[i], fast_pixel[j]] += value
