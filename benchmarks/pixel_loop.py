"""Diffraction the long way: every subpixel asks every mosaic domain for its nearest reflection.

The inner loop does per subpixel and domain what nanoBragg's does: it rotates the cell's axes,
takes the fractional Miller indices, rounds them, and tests the top hat. What nanoBragg computes
once per pixel (solid angle, polarization) is computed once per pixel here. Double precision,
one thread, compiled with full optimization but without relaxed floating-point rules.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from diffranet.simulator.beam import Beam
from diffranet.simulator.crystal import Crystal
from diffranet.simulator.factors import StructureFactors
from diffranet.simulator.geometry import CLASSICAL_ELECTRON_RADIUS_SQUARED, Detector, FloatArray

TOPHAT = 0.3969
"""A spot is lit where sum_i (N_i (h_i - h0_i))^2 is below this: the rule of 2018."""


def pixel_loop(
    crystal: Crystal, factors: StructureFactors, detector: Detector, beam: Beam
) -> FloatArray:
    """Expected Bragg photons per pixel, (slow, fast); called as the diffraction engines are."""
    if beam.domain_wavelengths is not None:
        raise ValueError("the pixel loop knows one wavelength per pulse")
    image = np.zeros(detector.shape)
    scale = CLASSICAL_ELECTRON_RADIUS_SQUARED * beam.fluence * float(np.prod(crystal.cells)) ** 2
    _fill(
        image,
        np.ascontiguousarray(crystal.real_rows),
        np.ascontiguousarray(crystal.domain_rotations),
        np.asarray(crystal.cells, dtype=np.float64),
        factors.squared,
        factors.origin,
        scale / (len(crystal.domain_rotations) * detector.oversample**2),
        beam.wavelength,
        beam.kahn,
        detector.distance_mm,
        detector.pixel_mm,
        detector.beam_slow_mm,
        detector.beam_fast_mm,
        detector.oversample,
        TOPHAT,
    )
    return image


@nb.njit(cache=True, error_model="numpy")  # pragma: no cover
def _fill(
    image: FloatArray,
    real_rows: FloatArray,
    rotations: FloatArray,
    cells: FloatArray,
    squared: FloatArray,
    origin: tuple[int, int, int],
    scale: float,
    wavelength: float,
    kahn: float,
    distance: float,
    pixel: float,
    beam_slow: float,
    beam_fast: float,
    oversample: int,
    cut: float,
) -> None:
    nh, nk, nl = squared.shape
    sub = pixel / oversample
    ax, ay, az = real_rows[0, 0], real_rows[0, 1], real_rows[0, 2]
    bx, by, bz = real_rows[1, 0], real_rows[1, 1], real_rows[1, 2]
    cx, cy, cz = real_rows[2, 0], real_rows[2, 1], real_rows[2, 2]
    na2, nb2, nc2 = cells[0] ** 2, cells[1] ** 2, cells[2] ** 2
    for slow in range(image.shape[0]):
        for fast in range(image.shape[1]):
            total = 0.0
            factor = 0.0
            for sub_slow in range(oversample):
                for sub_fast in range(oversample):
                    y = beam_slow - (slow * oversample + sub_slow + 0.5) * sub
                    z = (fast * oversample + sub_fast + 0.5) * sub - beam_fast
                    path = math.sqrt(distance * distance + y * y + z * z)
                    if sub_slow == 0 and sub_fast == 0:
                        cos2 = (distance / path) ** 2
                        psi = math.atan2(y, z)
                        factor = 0.5 * (1.0 + cos2 - kahn * math.cos(2.0 * psi) * (1.0 - cos2))
                        factor *= pixel * pixel / (path * path) * distance / path
                    sx = (distance / path - 1.0) / wavelength
                    sy = y / path / wavelength
                    sz = z / path / wavelength
                    for domain in range(rotations.shape[0]):
                        u = rotations[domain]
                        h = (
                            (u[0, 0] * ax + u[0, 1] * ay + u[0, 2] * az) * sx
                            + (u[1, 0] * ax + u[1, 1] * ay + u[1, 2] * az) * sy
                            + (u[2, 0] * ax + u[2, 1] * ay + u[2, 2] * az) * sz
                        )
                        k = (
                            (u[0, 0] * bx + u[0, 1] * by + u[0, 2] * bz) * sx
                            + (u[1, 0] * bx + u[1, 1] * by + u[1, 2] * bz) * sy
                            + (u[2, 0] * bx + u[2, 1] * by + u[2, 2] * bz) * sz
                        )
                        l = (  # noqa: E741
                            (u[0, 0] * cx + u[0, 1] * cy + u[0, 2] * cz) * sx
                            + (u[1, 0] * cx + u[1, 1] * cy + u[1, 2] * cz) * sy
                            + (u[2, 0] * cx + u[2, 1] * cy + u[2, 2] * cz) * sz
                        )
                        h0 = math.ceil(h - 0.5)
                        k0 = math.ceil(k - 0.5)
                        l0 = math.ceil(l - 0.5)
                        dh, dk, dl = h - h0, k - k0, l - l0
                        if dh * dh * na2 + dk * dk * nb2 + dl * dl * nc2 >= cut:
                            continue
                        i = h0 - origin[0]
                        j = k0 - origin[1]
                        m = l0 - origin[2]
                        if 0 <= i < nh and 0 <= j < nk and 0 <= m < nl:
                            total += squared[i, j, m]
            image[slow, fast] = scale * factor * total
