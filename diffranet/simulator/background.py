"""Scattering by what is not crystal: liquid water and air.

photons per pixel = r_e^2 * photons * molecules per area * F^2 * polarization * solid angle, as
nonBragg computes it (Holton et al. 2014, supplement; paper Appendix A).
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from diffranet.simulator.geometry import (
    CLASSICAL_ELECTRON_RADIUS_SQUARED,
    Detector,
    FloatArray,
    polarization,
    sin_theta_over_lambda,
    solid_angle,
)

AVOGADRO = 6.02214076e23
WATER_STOL = (
    *(0.0, 0.04, 0.06, 0.08, 0.1, 0.12, 0.14, 0.15, 0.16, 0.17, 0.18),
    *(0.19, 0.2, 0.22, 0.24, 0.26, 0.28, 0.3, 0.34, 0.38, 0.44, 0.5),
)
WATER_F = (
    *(2.57, 2.595, 2.691, 3.047, 3.743, 5.092, 7.048, 7.754, 8.009, 7.822, 7.389),
    *(6.974, 6.753, 6.743, 6.325, 5.318, 4.55, 4.312, 4.359, 4.255, 3.739, 3.15),
)
"""Amplitude of liquid water per molecule at sin(theta)/lambda, within 1.6 % in intensity."""
NITROGEN_A = (12.2126, 3.1322, 2.0125, 1.1663)
NITROGEN_B = (0.0057, 9.8933, 28.9975, 0.5826)
NITROGEN_C = -11.529
N2_BOND_A = 1.098


def water_intensity(stol: FloatArray) -> FloatArray:
    """Squared amplitude of liquid water per molecule, electrons^2, at sin(theta)/lambda.

    Beyond the table's 0.5 per Angstrom the last value holds.
    """
    table = PchipInterpolator(WATER_STOL, WATER_F)
    return np.asarray(table(np.minimum(stol, WATER_STOL[-1])) ** 2)


def air_intensity(stol: FloatArray) -> FloatArray:
    """Squared amplitude of an N2 molecule, electrons^2: Debye's formula plus Compton."""
    f = np.full_like(stol, NITROGEN_C)
    for a, b in zip(NITROGEN_A, NITROGEN_B, strict=True):
        f += a * np.exp(-b * stol**2)
    debye = np.sinc(4.0 * stol * N2_BOND_A)
    return np.asarray(2.0 * f**2 * (1.0 + debye) + 2.0 * (7.0 - f**2 / 7.0))


def molecules_per_area(thickness_mm: float, density_g_cm3: float, molar_mass: float) -> float:
    """Molecules per square metre of a layer."""
    grams_per_m2 = density_g_cm3 * 1e6 * thickness_mm * 1e-3
    return grams_per_m2 / molar_mass * AVOGADRO


def background_photons(
    detector: Detector,
    *,
    wavelength: float,
    photons: float,
    water_mm: float,
    air_mm: float,
    kahn: float = 0.0,
) -> FloatArray:
    """Expected background photons of one pulse.

    Args:
        detector: The geometry.
        wavelength: Angstrom.
        photons: Photons in the pulse.
        water_mm: Path through liquid water.
        air_mm: Path through air.
        kahn: Kahn polarization factor.

    Returns:
        Photons per pixel, (slow, fast).
    """
    stol = sin_theta_over_lambda(detector, 0.5, wavelength)
    electrons = molecules_per_area(water_mm, 1.0, 18.0) * water_intensity(stol)
    electrons += molecules_per_area(air_mm, 1.2e-3, 28.0) * air_intensity(stol)
    electrons *= CLASSICAL_ELECTRON_RADIUS_SQUARED * photons
    electrons *= solid_angle(detector, 0.5)
    return np.asarray(electrons * polarization(detector, 0.5, kahn))
