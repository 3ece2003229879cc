"""Bragg photons of a mosaic crystal: reflections near the Ewald sphere, spots as top hats.

Instead of asking every subpixel and domain for its nearest reflection, as nanoBragg does, only
the reflections that can touch the Ewald sphere are visited, and of the subpixels only those that
their spots can reach.

The top-hat rule is the one of the 2018 program that made the published images: a subpixel is
lit if ``sum_i (N_i (h_i - h0_i))^2 < 0.3969`` with h0 the nearest integers. Later nanoBragg
versions have another rule, which fills reciprocal space for small domains.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

import numpy as np

from diffranet.simulator.beam import Beam
from diffranet.simulator.crystal import Crystal
from diffranet.simulator.engines.continuous import sums_continuous
from diffranet.simulator.engines.float32 import sums_float32
from diffranet.simulator.engines.float64 import sums_float64
from diffranet.simulator.factors import StructureFactors
from diffranet.simulator.geometry import (
    CLASSICAL_ELECTRON_RADIUS_SQUARED,
    Detector,
    FloatArray,
    polarization,
    solid_angle,
)


class Engine(Protocol):
    """How a diffraction engine is called; see ``bragg_photons`` for the arguments."""

    def __call__(
        self, crystal: Crystal, factors: StructureFactors, detector: Detector, beam: Beam
    ) -> FloatArray:
        """Mean over the domains of |F|^2 summed over the lit subpixels of each pixel."""


ENGINES: Mapping[str, Engine] = MappingProxyType(
    {"float64": sums_float64, "float32": sums_float32, "continuous": sums_continuous}
)
"""Diffraction engines by name."""


def bragg_photons(
    crystal: Crystal,
    factors: StructureFactors,
    detector: Detector,
    beam: Beam,
    engine: str = "float32",
) -> FloatArray:
    """Expected Bragg photons of one shot.

    Args:
        crystal: Orientation, mosaic domains and size of a domain.
        factors: Structure factors of the cell.
        detector: Geometry and oversampling.
        beam: Wavelength, fluence, polarization and spectrum.
        engine: ``float64`` and ``float32`` bring the crystal's own domains onto the detector;
            ``continuous`` their distribution, which is what the mean of very many domains tends
            to.

    Returns:
        Photons per pixel, (slow, fast).

    Raises:
        ValueError: The engine is unknown.
    """
    if engine not in ENGINES:
        raise ValueError(f"unknown engine {engine!r}; choose one of {', '.join(ENGINES)}")
    image = ENGINES[engine](crystal, factors, detector, beam)
    scale = CLASSICAL_ELECTRON_RADIUS_SQUARED * beam.fluence
    scale *= float(np.prod(crystal.cells)) ** 2 / detector.oversample**2
    image *= scale
    image *= _response(detector, beam.kahn)
    return image


@lru_cache(maxsize=4)
def _response(detector: Detector, kahn: float) -> FloatArray:
    """Solid angle times polarization of each pixel, both at its first subpixel as in nanoBragg."""
    at = 0.5 / detector.oversample
    return solid_angle(detector, at) * polarization(detector, at, kahn)
