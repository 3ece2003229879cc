"""The default engine: the published discrete domains in single precision, many at a time.

For each reflection the domains that bring it onto the Ewald sphere are selected, and for all of
them at once the nine subpixels around the projected spot are tested. Spots that may reach further,
or overlap because a domain has fewer than two cells along an axis, go to the double-precision
kernel.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt

from diffranet.simulator.beam import Beam
from diffranet.simulator.crystal import Crystal
from diffranet.simulator.engines.domains import domain_radii, largest_spread
from diffranet.simulator.engines.float64 import add_float64
from diffranet.simulator.engines.reflections import TOPHAT_RADIUS, Candidates, candidates
from diffranet.simulator.factors import StructureFactors
from diffranet.simulator.geometry import Detector, FloatArray
from diffranet.simulator.mosaic import largest_angle

Float32Array = npt.NDArray[np.float32]
Int32Array = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
F = np.float32

_MARGIN = 4
"""Subpixels beyond each edge of the detector where spots may be centred."""
_SHORTEST_DISTANCE = 150.0
"""Detector distance in subpixels from which on three terms of the expansion are exact enough."""


def sums_float32(
    crystal: Crystal, factors: StructureFactors, detector: Detector, beam: Beam
) -> FloatArray:
    """Mean over the domains of |F|^2 summed over the lit subpixels of each pixel, (slow, fast)."""
    mosaic = largest_angle(crystal.domain_rotations)
    found = candidates(crystal, factors, detector, beam, mosaic=mosaic, spread=largest_spread(beam))
    n = len(crystal.domain_rotations)
    narrow = _within_nine(found, crystal, detector, beam, mosaic)
    padded = np.zeros((detector.n_slow + 2, detector.n_fast + 2))
    sub = detector.pixel_mm / detector.oversample
    radii = domain_radii(beam, n)
    accumulate_spots_float32(
        padded.reshape(-1),
        found.vectors[narrow],
        found.squared[narrow],
        # Differences from the unrotated crystal and the mean wavelength: small, hence precise.
        np.vstack(
            [
                (crystal.domain_rotations - np.eye(3)).reshape(n, 9).T,
                radii * beam.wavelength - 1.0,
            ]
        ).astype(F),
        (0.5 / radii).astype(F),
        ((found.reach + found.reach**2 * 0.5 / radii) * (1.0 + 1e-5)).astype(F),
        found.shape.reshape(-1).astype(F),
        1.0 / beam.wavelength,
        detector.distance_mm / sub,
        detector.beam_slow_mm / sub - 0.5,
        detector.beam_fast_mm / sub - 0.5,
        F(TOPHAT_RADIUS**2),
        _places(detector.n_slow, detector.oversample) * (detector.n_fast + 2),
        _places(detector.n_fast, detector.oversample),
        *_bits(),
    )
    sums = padded[1:-1, 1:-1].copy()
    if not narrow.all():
        wide = found._replace(vectors=found.vectors[~narrow], squared=found.squared[~narrow])
        add_float64(sums, wide, crystal, detector, beam)
    return sums / n


def _within_nine(
    found: Candidates, crystal: Crystal, detector: Detector, beam: Beam, mosaic: float
) -> Bools:
    """Which reflections' spots lie within 3 x 3 subpixels, whatever the domain, (n,)."""
    none = np.zeros(len(found.vectors), dtype=bool)
    distance = detector.distance_mm / detector.pixel_mm * detector.oversample
    if min(crystal.cells) * 0.5 < TOPHAT_RADIUS or distance < _SHORTEST_DISTANCE:
        return none
    radius = 1.0 / (beam.wavelength + largest_spread(beam))
    cone = math.asin(min(1.0, found.reach / radius))
    length = np.linalg.norm(found.vectors, axis=1)
    ray = found.vectors + np.array([1.0 / beam.wavelength, 0.0, 0.0])
    two_theta = np.arccos(np.clip(ray[:, 0] / np.linalg.norm(ray, axis=1), -1.0, 1.0))
    # The reflection itself is off the sphere by what its domains are tilted.
    tilt = np.arcsin(np.minimum(1.0, (mosaic * length + 2.0 * found.reach) / radius))
    steepest = two_theta + tilt + 2.0 * largest_spread(beam) / beam.wavelength
    with np.errstate(divide="ignore", invalid="ignore"):
        window = distance * math.sin(cone) / (np.cos(steepest) * np.cos(steepest + cone))
    return np.asarray((steepest + cone < 1.5) & (window < 1.49))


def _places(pixels: int, oversample: int) -> Int32Array:
    """Index in an axis with one pixel of border of each subpixel, margins included."""
    subpixels = np.arange(-_MARGIN, pixels * oversample + _MARGIN)
    return np.clip(subpixels // oversample + 1, 0, pixels + 1).astype(np.int32)


def _bits() -> tuple[Int32Array, Int32Array]:
    """How many of nine bits are set in each mask, (512,), and which, (512, 9)."""
    flags = (np.arange(512)[:, None] >> np.arange(9)) & 1
    order = np.argsort(1 - flags, axis=1, kind="stable")
    return flags.sum(1).astype(np.int32), order.astype(np.int32)


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def accumulate_spots_float32(
    sums: FloatArray,
    vectors: FloatArray,
    squared: FloatArray,
    domains: Float32Array,
    half_wave: Float32Array,
    limit: Float32Array,
    shape: Float32Array,
    radius: float,
    distance: float,
    beam_slow: float,
    beam_fast: float,
    cut: np.float32,
    slow_place: Int32Array,
    fast_place: Int32Array,
    count: Int32Array,
    which: Int32Array,
) -> None:
    """Add |F|^2 to a pixel for each of its subpixels and each domain that lights it.

    Lengths on the detector are in subpixels, places in subpixel indices.

    Args:
        sums: Sums of the flattened image with one pixel of border; changed in place.
        vectors: Reciprocal vectors of the unrotated crystal, (n, 3).
        squared: Their |F|^2, (n,).
        domains: Of each domain the rotation minus one (nine entries, row by row), and how much
            its 1/lambda exceeds the mean, as a share of it, (10, domains).
        half_wave: lambda/2 of each domain, (domains,).
        limit: Largest distance from the Ewald sphere along the beam, (domains,).
        shape: diag(N) A, (9,).
        radius: Mean 1/lambda.
        distance: Detector distance.
        beam_slow: Where the beam meets the detector.
        beam_fast: The same.
        cut: Square of the top-hat radius in units of N dh.
        slow_place: Offset in ``sums`` of each subpixel row, margins included.
        fast_place: Offset within the row of each subpixel column, margins included.
        count: Number of bits in a mask.
        which: The bits themselves.
    """
    n = domains.shape[1]
    off = np.empty(n, F)
    chosen = np.empty(n + 1, np.int32)
    work = np.empty((10, n), F)
    place = np.empty(11, F)
    slow = np.empty(n, np.int32)
    fast = np.empty(n, np.int32)
    mask = np.empty(n, np.int32)
    lowest = F(1 - _MARGIN)
    last_slow = F(slow_place.size - _MARGIN - 2)
    last_fast = F(fast_place.size - _MARGIN - 2)
    for index in range(vectors.shape[0]):
        x, y, z = vectors[index]
        gx, gy, gz = F(x), F(y), F(z)
        met = _select(domains, half_wave, limit, gx, gy, gz, F(x * x + y * y + z * z), off, chosen)
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
        for spot in range(met):
            domain = chosen[spot]
            for entry in range(10):
                work[entry, spot] = domains[entry, domain]
        _test_nine(
            met, work, shape, gx, gy, gz, place, F(radius), F(distance), F(beam_slow), F(beam_fast),
            cut, lowest, last_slow, last_fast, slow, fast, mask,
        )  # fmt: skip
        value = squared[index]
        for spot in range(met):
            bits = mask[spot]
            for hit in range(count[bits]):
                bit = which[bits, hit]
                row = slow_place[slow[spot] + bit // 3 + (_MARGIN - 1)]
                sums[row + fast_place[fast[spot] + bit % 3 + (_MARGIN - 1)]] += value


@nb.njit(
    cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"}
)  # pragma: no cover
def _select(
    domains: Float32Array,
    half_wave: Float32Array,
    limit: Float32Array,
    gx: np.float32,
    gy: np.float32,
    gz: np.float32,
    length2: np.float32,
    off: Float32Array,
    chosen: Int32Array,
) -> int:
    """Number the domains that bring the reflection onto the sphere; both loops are branchless."""
    for domain in range(off.size):
        moved = domains[0, domain] * gx + domains[1, domain] * gy + domains[2, domain] * gz
        off[domain] = abs(moved + gx + half_wave[domain] * length2) - limit[domain]
    met = 0
    for domain in range(off.size):
        chosen[met] = domain
        met += off[domain] <= F(0.0)
    return met


@nb.njit(inline="always")  # pragma: no cover
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
    lowest: np.float32,
    last_slow: np.float32,
    last_fast: np.float32,
    slow: Int32Array,
    fast: Int32Array,
    mask: Int32Array,
) -> None:
    """Find the subpixel nearest to each spot, and which of the nine around it are lit.

    The loop has neither branches nor indirect access, so that the compiler vectorizes it.

    Args:
        met: Number of spots.
        work: Rotation and 1/lambda of the domain of each, as differences, (10, domains).
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
        lowest: First index at which a spot may be centred.
        last_slow: Last such row.
        last_fast: Last such column.
        slow: Row of the nearest subpixel of each spot, (domains,); filled.
        fast: Its column; filled.
        mask: Lit subpixels, bit 3 (di + 1) + (dj + 1); filled.
    """
    s00, s01, s02 = shape[0], shape[1], shape[2]
    s10, s11, s12 = shape[3], shape[4], shape[5]
    s20, s21, s22 = shape[6], shape[7], shape[8]
    one, none, back = F(1.0), F(0.0), F(-1.0)
    i_ref, j_ref, y_ref, z_ref, ray_ref = place[0], place[1], place[2], place[3], place[4]
    kx_ref, ky_ref, kz_ref = place[5], place[6], place[7]
    ex, ey, ez = place[8], place[9], place[10]
    r2_ref = one / (distance * distance + y_ref * y_ref + z_ref * z_ref)
    for spot in range(met):
        w00, w01, w02 = work[0, spot], work[1, spot], work[2, spot]
        w10, w11, w12 = work[3, spot], work[4, spot], work[5, spot]
        w20, w21, w22 = work[6, spot], work[7, spot], work[8, spot]
        change_k = work[9, spot]
        # How the domain moves the reflection, and the subpixel nearest to its diffracted ray.
        mx = w00 * gx + w01 * gy + w02 * gz
        my = w10 * gx + w11 * gy + w12 * gz
        mz = w20 * gx + w21 * gy + w22 * gz
        along = distance / (gx + mx + radius + radius * change_k)
        at_slow = min(max(beam_slow - along * (gy + my), lowest), last_slow)
        at_fast = min(max(beam_fast + along * (gz + mz), lowest), last_fast)
        i0 = nb.int32(at_slow + F(8.5)) - nb.int32(8)
        j0 = nb.int32(at_fast + F(8.5)) - nb.int32(8)
        # From the ray at the reference subpixel to the ray at this one.
        di = F(i0) - i_ref
        dj = F(j0) - j_ref
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
        slow[spot] = i0
        fast[spot] = j0
        mask[spot] = lit
