"""Photons that water and air scatter onto the detector.

photons per pixel = r_e^2 * photons * molecules per area * F^2 * polarization * solid angle, as
nonBragg computes it (Holton et al. 2014, supplement; paper Appendix A).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numba import njit

from diffranet.simulator.geometry import (
    CLASSICAL_ELECTRON_RADIUS_SQUARED,
    Detector,
    Float32Array,
    FloatArray,
    polarization,
    sin_theta_over_lambda,
    solid_angle,
)
from diffranet.simulator.scattering import FREE_ATOM_STOL, air_intensity, water_intensity

AVOGADRO = 6.02214076e23
WATER_DENSITY = 1.0
AIR_DENSITY = 1.2e-3
WATER_MOLAR_MASS = 18.0
AIR_MOLAR_MASS = 28.0
ROWS_PER_STOL = 4096
"""Rows per 1/Angstrom of the table of intensities; linear between them within 1e-4."""


@dataclass(frozen=True)
class Layers:
    """What the beam crosses beside the crystal.

    Attributes:
        water_mm: Path through liquid water.
        air_mm: Path through air.
        water_density: Of water, g/cm^3.
        air_density: Of air, g/cm^3.
        water_molar_mass: Of water, g/mol.
        air_molar_mass: Of air, g/mol.
    """

    water_mm: float
    air_mm: float
    water_density: float = WATER_DENSITY
    air_density: float = AIR_DENSITY
    water_molar_mass: float = WATER_MOLAR_MASS
    air_molar_mass: float = AIR_MOLAR_MASS

    def __post_init__(self) -> None:
        for name in ("water_mm", "air_mm", "water_density", "air_density"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be a finite number, zero or above, got {value}")
        for name in ("water_molar_mass", "air_molar_mass"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be a finite number above zero, got {value}")

    def electrons_squared(self) -> FloatArray:
        """Scattering per square metre of beam, electrons^2/m^2, in rows of ``ROWS_PER_STOL``."""
        water = molecules_per_area(self.water_mm, self.water_density, self.water_molar_mass)
        air = molecules_per_area(self.air_mm, self.air_density, self.air_molar_mass)
        water_table, air_table = _tables()
        return np.asarray(water * water_table + air * air_table)


class BackgroundModel:
    """Background of any pulse on one detector; holds what does not depend on the pulse.

    Args:
        detector: The geometry.
        kahn: Kahn polarization factor.
    """

    def __init__(self, detector: Detector, kahn: float = 0.0) -> None:
        self._shape = detector.shape
        self._sin_theta = _flat32(sin_theta_over_lambda(detector, 0.5, 1.0))
        acceptance = solid_angle(detector, 0.5)
        acceptance *= polarization(detector, 0.5, kahn)
        self._acceptance = _flat32(acceptance)

    def photons(self, layers: Layers, wavelength: float, photons: float) -> FloatArray:
        """Expected background photons of one pulse.

        Args:
            layers: Water and air.
            wavelength: Angstrom.
            photons: Photons in the pulse.

        Returns:
            Photons per pixel, (slow, fast).

        Raises:
            ValueError: The wavelength is not above zero, or the photons are below.
        """
        if not (math.isfinite(wavelength) and wavelength > 0):
            raise ValueError(f"a wavelength must be above zero, got {wavelength}")
        if not (math.isfinite(photons) and photons >= 0):
            raise ValueError(f"the photons of a pulse must be zero or above, got {photons}")
        table = layers.electrons_squared()
        table *= CLASSICAL_ELECTRON_RADIUS_SQUARED * photons
        expected = np.empty(self._shape)
        _look_up(
            *(self._sin_theta, self._acceptance, table, ROWS_PER_STOL / wavelength),
            expected.reshape(-1),
        )
        return expected


def background_photons(
    detector: Detector,
    *,
    wavelength: float,
    photons: float,
    water_mm: float,
    air_mm: float,
    kahn: float = 0.0,
    water_density: float = WATER_DENSITY,
    air_density: float = AIR_DENSITY,
) -> FloatArray:
    """Expected background photons of one pulse; see ``BackgroundModel`` for many.

    Args:
        detector: The geometry.
        wavelength: Angstrom.
        photons: Photons in the pulse.
        water_mm: Path through liquid water.
        air_mm: Path through air.
        kahn: Kahn polarization factor.
        water_density: Of water, g/cm^3.
        air_density: Of air, g/cm^3.

    Returns:
        Photons per pixel, (slow, fast).

    Raises:
        ValueError: A number is out of its range.
    """
    layers = Layers(water_mm, air_mm, water_density, air_density)
    return BackgroundModel(detector, kahn).photons(layers, wavelength, photons)


def molecules_per_area(thickness_mm: float, density_g_cm3: float, molar_mass: float) -> float:
    """Molecules per square metre of a layer."""
    grams_per_m2 = density_g_cm3 * 1e6 * thickness_mm * 1e-3
    return grams_per_m2 / molar_mass * AVOGADRO


@cache
def _tables() -> tuple[FloatArray, FloatArray]:
    stol = np.arange(round(FREE_ATOM_STOL * ROWS_PER_STOL) + 1) / ROWS_PER_STOL
    tables = water_intensity(stol), air_intensity(stol)
    for table in tables:
        table.flags.writeable = False
    return tables


def _flat32(image: FloatArray) -> Float32Array:
    return image.astype(np.float32).reshape(-1)


@njit(cache=True, error_model="numpy")
def _look_up(
    sin_theta: Float32Array,
    acceptance: Float32Array,
    table: FloatArray,
    rows: float,
    out: FloatArray,
) -> None:
    last = table.size - 1.0
    for i in range(out.size):
        at = min(sin_theta[i] * rows, last)
        row = min(int(at), table.size - 2)
        below = table[row]
        out[i] = acceptance[i] * (below + (at - row) * (table[row + 1] - below))
