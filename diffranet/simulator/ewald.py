"""Compiled kernels: which reflections touch the Ewald sphere, and the subpixels they light.

Reciprocal lengths are in 1/Angstrom, detector lengths in mm. The Ewald sphere has its centre at
(-1/lambda, 0, 0), so that the direction towards the point s is that of ``s + (1/lambda, 0, 0)``.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from diffranet.simulator.geometry import FloatArray


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def reflections_near_sphere(
    reciprocal_rows: FloatArray,
    squared: FloatArray,
    radius: float,
    reach: float,
    mosaic: float,
    limit: float,
) -> tuple[FloatArray, FloatArray]:
    """List the reflections that any domain may bring onto the Ewald sphere.

    Args:
        reciprocal_rows: Rows a*, b*, c*, (3, 3).
        squared: |F|^2 at (|h|, |k|, |l|), (nh, nk, nl); zero where there is nothing to see.
        radius: 1/lambda.
        reach: How far a spot extends from its reciprocal lattice point.
        mosaic: Largest rotation of a domain, radians.
        limit: Largest |g| of interest.

    Returns:
        Vectors g of the unrotated crystal, (n, 3), and their |F|^2, (n,).
    """
    nh, nk, nl = squared.shape
    capacity = 4096
    vectors = np.empty((capacity, 3))
    values = np.empty(capacity)
    count = 0
    slack = limit * mosaic + reach
    cx, cy, cz = reciprocal_rows[2]
    cc = cx * cx + cy * cy + cz * cz
    for h in range(1 - nh, nh):
        for k in range(1 - nk, nk):
            px = h * reciprocal_rows[0, 0] + k * reciprocal_rows[1, 0]
            py = h * reciprocal_rows[0, 1] + k * reciprocal_rows[1, 1]
            pz = h * reciprocal_rows[0, 2] + k * reciprocal_rows[1, 2]
            # |p + l c* + k0|^2 is a parabola in l: cut it by the shell's two spheres.
            half = ((px + radius) * cx + py * cy + pz * cz) / cc
            rest = ((px + radius) ** 2 + py * py + pz * pz) / cc
            outer = half * half - rest + (radius + slack) ** 2 / cc
            if outer < 0.0:
                continue
            # and the row by the sphere |g| <= limit
            centre = (px * cx + py * cy + pz * cz) / cc
            inside = centre * centre - (px * px + py * py + pz * pz) / cc + limit * limit / cc
            if inside < 0.0:
                continue
            low = max(-half - math.sqrt(outer), -centre - math.sqrt(inside), 1.0 - nl)
            high = min(-half + math.sqrt(outer), -centre + math.sqrt(inside), nl - 1.0)
            gap_low = 0.0
            gap_high = 0.0
            if radius > slack:
                inner = half * half - rest + (radius - slack) ** 2 / cc
                if inner > 0.0:
                    gap_low = -half - math.sqrt(inner)
                    gap_high = -half + math.sqrt(inner)
            l = math.ceil(low)  # noqa: E741
            while l <= high:
                if gap_low < l < gap_high:
                    l = math.ceil(gap_high)  # noqa: E741
                    continue
                value = squared[abs(h), abs(k), abs(l)]
                if value > 0.0 and not (h == 0 and k == 0 and l == 0):
                    gx = px + l * cx
                    gy = py + l * cy
                    gz = pz + l * cz
                    length = math.sqrt(gx * gx + gy * gy + gz * gz)
                    off = math.sqrt((gx + radius) ** 2 + gy * gy + gz * gz) - radius
                    if length <= limit and abs(off) <= length * mosaic + reach:
                        if count == capacity:
                            capacity *= 2
                            wider = np.empty((capacity, 3))
                            wider[:count] = vectors
                            vectors = wider
                            longer = np.empty(capacity)
                            longer[:count] = values
                            values = longer
                        vectors[count, 0] = gx
                        vectors[count, 1] = gy
                        vectors[count, 2] = gz
                        values[count] = value
                        count += 1
                l += 1  # noqa: E741
    return vectors[:count].copy(), values[:count].copy()


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def accumulate_spots(
    image: FloatArray,
    vectors: FloatArray,
    squared: FloatArray,
    rotations: FloatArray,
    shapes: FloatArray,
    cells: FloatArray,
    radius: float,
    reach: float,
    cut: float,
    distance: float,
    beam_slow: float,
    beam_fast: float,
    pixel: float,
    oversample: int,
) -> None:
    """Add |F|^2 to a pixel for each of its subpixels and each domain that lights it.

    Args:
        image: Sums, (slow, fast); changed in place.
        vectors: Reciprocal vectors of the unrotated crystal, (n, 3).
        squared: Their |F|^2, (n,).
        rotations: Domain rotations U, (domains, 3, 3).
        shapes: diag(N) A U^T of each domain, (domains, 3, 3).
        cells: Unit cells per axis, (3,).
        radius: 1/lambda.
        reach: How far a spot extends from its reciprocal lattice point.
        cut: Square of the top-hat radius in units of N dh.
        distance: Detector distance.
        beam_slow: Beam position along the slow axis.
        beam_fast: Beam position along the fast axis.
        pixel: Pixel edge.
        oversample: Subpixels per pixel and axis.
    """
    sub = pixel / oversample
    last_slow = image.shape[0] * oversample - 1
    last_fast = image.shape[1] * oversample - 1
    shell = 2.0 * reach * radius + reach * reach
    # A spot lies within the cone of half-angle alpha around its centre, sin(alpha) = reach*lambda.
    sin_alpha = min(reach / radius, 1.0)
    cos_alpha = math.sqrt(1.0 - sin_alpha * sin_alpha)
    # Below two cells per axis the top hat is wider than the cell's half, where h0 changes.
    crowded = cells.min() * 0.5 < math.sqrt(cut)
    domains = rotations.shape[0]
    along_x = np.ascontiguousarray(rotations[:, 0, :].T)
    off_sphere = np.empty(domains)
    slow_pixel = np.arange(image.shape[0] * oversample) // oversample
    fast_pixel = np.arange(image.shape[1] * oversample) // oversample
    for index in range(vectors.shape[0]):
        gx, gy, gz = vectors[index]
        value = squared[index]
        length2 = gx * gx + gy * gy + gz * gz
        # A loop of its own, because the compiler vectorizes it: most domains miss the sphere.
        for domain in range(domains):
            off_sphere[domain] = length2 + 2.0 * radius * (
                along_x[0, domain] * gx + along_x[1, domain] * gy + along_x[2, domain] * gz
            )
        for domain in range(domains):
            if abs(off_sphere[domain]) > shell:
                continue
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
