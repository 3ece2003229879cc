"""Compiled kernel of the single-precision engine.

Compiled functions that call one another share this file; see the package's note.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt

from diffranet.simulator.geometry import FloatArray

Float32Array = npt.NDArray[np.float32]
Places = npt.NDArray[np.uint32]
F = np.float32

MARGIN = 4
"""Subpixels beyond each edge of the detector where spots may be centred."""
LANES = 8
"""Single-precision numbers that a vector register of 256 bits holds."""


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def accumulate_spots_float32(
    sums: FloatArray,
    vectors: FloatArray,
    squared: FloatArray,
    domains: Float32Array,
    chooser: Float32Array,
    shape: Float32Array,
    radius: float,
    distance: float,
    beam_slow: float,
    beam_fast: float,
    cut: np.float32,
    slow_place: Places,
    fast_place: Places,
    count: Places,
    row_step: Places,
    column_step: Places,
) -> None:
    """Add |F|^2 to a pixel for each of its subpixels and each domain that lights it.

    Lengths on the detector are in subpixels, places in subpixel indices.

    Args:
        sums: Sums of the flattened image with one pixel of border; changed in place.
        vectors: Reciprocal vectors of the unrotated crystal, (n, 3).
        squared: Their |F|^2, (n,).
        domains: Of each domain the quaternion (x, y, z, w) times the root of 2, and how much its
            1/lambda exceeds the mean, as a share of it, (5, domains).
        chooser: Of each domain the first row of its rotation minus one, lambda/2, and the largest
            distance from the Ewald sphere along the beam, (5, domains).
        shape: diag(N) A, (9,).
        radius: Mean 1/lambda.
        distance: Detector distance.
        beam_slow: Where the beam meets the detector.
        beam_fast: The same.
        cut: Square of the top-hat radius in units of N dh.
        slow_place: Offset in ``sums`` of each subpixel row, margins included.
        fast_place: Offset within the row of each subpixel column, margins included.
        count: Number of bits in a mask.
        row_step: Row, 0 to 2, of each bit that is set in a mask, (512, 9).
        column_step: Its column, 0 to 2, (512, 9).
    """
    n = domains.shape[1]
    off = np.empty(n, F)
    chosen = np.empty(n + 1, np.uint32)
    work = np.empty((5, n + LANES), F)
    place = np.empty(11, F)
    slow = np.empty(n + LANES, np.uint32)
    fast = np.empty(n + LANES, np.uint32)
    mask = np.empty(n + LANES, np.uint32)
    # Places count from the margin's first subpixel but one, so that the nine around are 0, 1, 2 on.
    last_slow = F(slow_place.size - 3)
    last_fast = F(fast_place.size - 3)
    for index in range(vectors.shape[0]):
        x, y, z = vectors[index]
        gx, gy, gz = F(x), F(y), F(z)
        met = _select(chooser, gx, gy, gz, F(x * x + y * y + z * z), off, chosen)
        if met == 0:
            continue
        # The subpixel nearest to the unrotated reflection; domains are told from it.
        along = distance / (x + radius)
        i0 = math.floor(beam_slow - along * y + 0.5)
        j0 = math.floor(beam_fast + along * z + 0.5)
        y0 = beam_slow - i0
        z0 = j0 - beam_fast
        ray = radius / math.sqrt(distance * distance + y0 * y0 + z0 * z0)
        place[0], place[1] = i0, j0
        place[2], place[3], place[4] = y0, z0, ray
        place[5], place[6], place[7] = distance * ray, y0 * ray, z0 * ray
        place[8], place[9], place[10] = distance * ray - radius - x, y0 * ray - y, z0 * ray - z
        # Whole groups only: the compiler has fast code for them, and slow code for what is left.
        padded = (met + LANES - 1) // LANES * LANES
        for spot in range(padded):
            domain = chosen[min(spot, met - 1)]
            for entry in range(5):
                work[entry, spot] = domains[entry, domain]
        _test_nine(
            padded, work, shape, gx, gy, gz, place, F(radius), F(distance), F(beam_slow),
            F(beam_fast), cut, last_slow, last_fast, slow, fast, mask,
        )  # fmt: skip
        value = squared[index]
        for spot in range(met):
            bits = mask[spot]
            for hit in range(count[bits]):
                row = slow_place[slow[spot] + row_step[bits, hit]]
                sums[row + fast_place[fast[spot] + column_step[bits, hit]]] += value


@nb.njit(
    cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"}
)  # pragma: no cover
def _select(
    chooser: Float32Array,
    gx: np.float32,
    gy: np.float32,
    gz: np.float32,
    length2: np.float32,
    off: Float32Array,
    chosen: Places,
) -> int:
    """Number the domains that bring the reflection onto the sphere; both loops are branchless."""
    for domain in range(off.size):
        moved = chooser[0, domain] * gx + chooser[1, domain] * gy + chooser[2, domain] * gz
        off[domain] = abs(moved + gx + chooser[3, domain] * length2) - chooser[4, domain]
    met = 0
    for domain in range(off.size):
        chosen[met] = domain
        met += off[domain] <= F(0.0)
    return met


@nb.njit(
    cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"}
)  # pragma: no cover
def _lit(di, dj, x1, x2, r2, q0, q1, q2, k0, k1, k2, a0, a1, a2, b0, b1, b2, cut):  # type: ignore[no-untyped-def]
    """Whether the subpixel (di, dj) beside the nearest one lies within the top hat.

    The ray's length changes by (1 + x)^(-1/2), expanded; the rest is linear in (di, dj).
    """
    x = x1 * di + x2 * dj + r2 * (di * di + dj * dj)
    change = x * (F(-0.5) + x * (F(0.375) - F(0.3125) * x))
    fi = di + change * di
    fj = dj + change * dj
    c0 = q0 + change * k0 + fi * a0 + fj * b0
    c1 = q1 + change * k1 + fi * a1 + fj * b1
    c2 = q2 + change * k2 + fi * a2 + fj * b2
    return nb.int32(c0 * c0 + c1 * c1 + c2 * c2 < cut)


@nb.njit(
    cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"}
)  # pragma: no cover
def _test_nine(
    met: int,
    work: Float32Array,
    shape: Float32Array,
    gx: np.float32,
    gy: np.float32,
    gz: np.float32,
    place: Float32Array,
    radius: np.float32,
    distance: np.float32,
    beam_slow: np.float32,
    beam_fast: np.float32,
    cut: np.float32,
    last_slow: np.float32,
    last_fast: np.float32,
    slow: Places,
    fast: Places,
    mask: Places,
) -> None:
    """Find the subpixel nearest to each spot, and which of the nine around it are lit.

    The loop has neither branches nor indirect access, so that the compiler vectorizes it.

    Args:
        met: Number of spots, whole groups of ``LANES``.
        work: Of the domain of each, as in ``accumulate_spots_float32``, (5, domains).
        shape: diag(N) A, (9,).
        gx: Reciprocal vector of the reflection.
        gy: The same.
        gz: The same.
        place: Of the subpixel nearest to it: row and column; position relative to the beam along
            y and z; ray vector per subpixel; the ray, three components; its scattering vector
            minus the reflection, three components.
        radius: Mean 1/lambda.
        distance: Detector distance.
        beam_slow: Where the beam meets the detector.
        beam_fast: The same.
        cut: Square of the top-hat radius.
        last_slow: Last row of ``slow``.
        last_fast: Last column of ``fast``.
        slow: Row of the first of the nine subpixels of each spot, counted from the first of the
            margin, (domains,); filled.
        fast: Its column; filled.
        mask: Lit subpixels, bit 3 (di + 1) + (dj + 1); filled.
    """
    s00, s01, s02 = shape[0], shape[1], shape[2]
    s10, s11, s12 = shape[3], shape[4], shape[5]
    s20, s21, s22 = shape[6], shape[7], shape[8]
    one, none, back = F(1.0), F(0.0), F(-1.0)
    first = F(MARGIN - 1)
    shift = F(MARGIN - 0.5)
    i_ref, j_ref, y_ref, z_ref, ray_ref = place[0], place[1], place[2], place[3], place[4]
    kx_ref, ky_ref, kz_ref = place[5], place[6], place[7]
    ex, ey, ez = place[8], place[9], place[10]
    r2_ref = one / (distance * distance + y_ref * y_ref + z_ref * z_ref)
    for spot in range(met):
        qx, qy, qz, qw = work[0, spot], work[1, spot], work[2, spot], work[3, spot]
        change_k = work[4, spot]
        # The rotation minus one.
        w00, w01, w02 = -(qy * qy + qz * qz), qx * qy - qw * qz, qx * qz + qw * qy
        w10, w11, w12 = qx * qy + qw * qz, -(qx * qx + qz * qz), qy * qz - qw * qx
        w20, w21, w22 = qx * qz - qw * qy, qy * qz + qw * qx, -(qx * qx + qy * qy)
        # How the domain moves the reflection, and the subpixel nearest to its diffracted ray.
        mx = w00 * gx + w01 * gy + w02 * gz
        my = w10 * gx + w11 * gy + w12 * gz
        mz = w20 * gx + w21 * gy + w22 * gz
        along = distance / (gx + mx + radius + radius * change_k)
        at_slow = beam_slow - along * (gy + my) + shift
        at_fast = beam_fast + along * (gz + mz) + shift
        i0 = nb.int32(min(max(at_slow, none), last_slow))
        j0 = nb.int32(min(max(at_fast, none), last_fast))
        # From the ray at the reference subpixel to the ray at this one.
        di = F(i0) - first - i_ref
        dj = F(j0) - first - j_ref
        x = r2_ref * (di * (di - F(2.0) * y_ref) + dj * (dj + F(2.0) * z_ref))
        root = math.sqrt(one + x)
        grown = one / root
        change = -x * grown / (one + root)
        step = grown * ray_ref
        dx = change * kx_ref
        dy = change * ky_ref - step * di
        dz = change * kz_ref + step * dj
        kx, ky, kz = kx_ref + dx, ky_ref + dy, kz_ref + dz
        # From the reflection to that subpixel's scattering vector, in the domain's N dh.
        dx = (dx + ex - mx) + change_k * (kx - radius)
        dy = (dy + ey - my) + change_k * ky
        dz = (dz + ez - mz) + change_k * kz
        larger = one + change_k
        kx, ky, kz = larger * kx, larger * ky, larger * kz
        ray = larger * step
        y = y_ref - di
        z = z_ref + dj
        r2 = r2_ref * grown * grown
        u00, u01, u02 = one + w00, w01, w02
        u10, u11, u12 = w10, one + w11, w12
        u20, u21, u22 = w20, w21, one + w22
        t0 = u00 * dx + u10 * dy + u20 * dz
        t1 = u01 * dx + u11 * dy + u21 * dz
        t2 = u02 * dx + u12 * dy + u22 * dz
        q0 = s00 * t0 + s01 * t1 + s02 * t2
        q1 = s10 * t0 + s11 * t1 + s12 * t2
        q2 = s20 * t0 + s21 * t1 + s22 * t2
        # How N dh changes with the length of the ray, and by one subpixel along each axis.
        t0 = u00 * kx + u10 * ky + u20 * kz
        t1 = u01 * kx + u11 * ky + u21 * kz
        t2 = u02 * kx + u12 * ky + u22 * kz
        k0 = s00 * t0 + s01 * t1 + s02 * t2
        k1 = s10 * t0 + s11 * t1 + s12 * t2
        k2 = s20 * t0 + s21 * t1 + s22 * t2
        a0 = -ray * (s00 * u10 + s01 * u11 + s02 * u12)
        a1 = -ray * (s10 * u10 + s11 * u11 + s12 * u12)
        a2 = -ray * (s20 * u10 + s21 * u11 + s22 * u12)
        b0 = ray * (s00 * u20 + s01 * u21 + s02 * u22)
        b1 = ray * (s10 * u20 + s11 * u21 + s12 * u22)
        b2 = ray * (s20 * u20 + s21 * u21 + s22 * u22)
        x1 = F(-2.0) * y * r2
        x2 = F(2.0) * z * r2
        lit = _lit(back, back, x1, x2, r2, q0, q1, q2, k0, k1, k2, a0, a1, a2, b0, b1, b2, cut)
        lit += nb.int32(2) * _lit(
            back, none, x1, x2, r2, q0, q1, q2, k0, k1, k2, a0, a1, a2, b0, b1, b2, cut
        )
        lit += nb.int32(4) * _lit(
            back, one, x1, x2, r2, q0, q1, q2, k0, k1, k2, a0, a1, a2, b0, b1, b2, cut
        )
        lit += nb.int32(8) * _lit(
            none, back, x1, x2, r2, q0, q1, q2, k0, k1, k2, a0, a1, a2, b0, b1, b2, cut
        )
        lit += nb.int32(16) * nb.int32(q0 * q0 + q1 * q1 + q2 * q2 < cut)
        lit += nb.int32(32) * _lit(
            none, one, x1, x2, r2, q0, q1, q2, k0, k1, k2, a0, a1, a2, b0, b1, b2, cut
        )
        lit += nb.int32(64) * _lit(
            one, back, x1, x2, r2, q0, q1, q2, k0, k1, k2, a0, a1, a2, b0, b1, b2, cut
        )
        lit += nb.int32(128) * _lit(
            one, none, x1, x2, r2, q0, q1, q2, k0, k1, k2, a0, a1, a2, b0, b1, b2, cut
        )
        lit += nb.int32(256) * _lit(
            one, one, x1, x2, r2, q0, q1, q2, k0, k1, k2, a0, a1, a2, b0, b1, b2, cut
        )
        slow[spot] = nb.uint32(i0)
        fast[spot] = nb.uint32(j0)
        mask[spot] = nb.uint32(lit)
