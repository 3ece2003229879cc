"""Bragg photons of a mosaic crystal: reflections near the Ewald sphere, spots as top hats.

Instead of asking every subpixel and domain for its nearest reflection, as nanoBragg does, only
the reflections that can touch the Ewald sphere are visited, and for each domain only the
subpixels that its spot can reach. The result is nanoBragg's, bound for bound, to rounding.

The top-hat rule is the one of the 2018 program that made the published images: a subpixel is
lit if ``sum_i (N_i (h_i - h0_i))^2 < 0.3969`` with h0 the nearest integers. Later nanoBragg
versions have another rule, which fills reciprocal space for small domains.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np

from diffranet.simulator.beam import Beam
from diffranet.simulator.crystal import Crystal
from diffranet.simulator.ewald import accumulate_spots, reflections_near_sphere
from diffranet.simulator.geometry import (
    CLASSICAL_ELECTRON_RADIUS_SQUARED,
    Detector,
    FloatArray,
    polarization,
    solid_angle,
)
from diffranet.simulator.mosaic import largest_angle
from diffranet.simulator.structure_factors import StructureFactors

TOPHAT_RADIUS = 0.63
"""Radius of the top-hat spot in units of 1/(N a): the same volume as the grating function."""


class Engine(Protocol):
    """How a diffraction engine is called; see ``bragg_photons`` for the arguments."""

    def __call__(
        self,
        crystal: Crystal,
        factors: StructureFactors,
        detector: Detector,
        beam: Beam,
    ) -> FloatArray:
        """Expected Bragg photons per pixel, (slow, fast)."""


def bragg_float64(
    crystal: Crystal,
    factors: StructureFactors,
    detector: Detector,
    beam: Beam,
) -> FloatArray:
    """The exact engine in double precision; arguments as in ``bragg_photons``."""
    cells = np.asarray(crystal.cells, dtype=np.float64)
    shape_matrix = cells[:, None] * crystal.real_rows
    reach = TOPHAT_RADIUS / float(np.linalg.svd(shape_matrix, compute_uv=False)[-1])
    radius = 1.0 / beam.wavelength
    # Reflections further out than the detector's corner can still reach in by their own size.
    limit = 2.0 * radius * math.sin(detector.max_two_theta() / 2.0) + reach
    vectors, squared = reflections_near_sphere(
        np.linalg.inv(crystal.real_rows).T.copy(),
        factors.squared,
        radius,
        reach,
        largest_angle(crystal.domain_rotations) * (1.0 + 1e-9),
        limit,
    )
    rotations = np.ascontiguousarray(crystal.domain_rotations, dtype=np.float64)
    image = np.zeros(detector.shape)
    accumulate_spots(
        image,
        vectors,
        squared,
        rotations,
        # diag(N) A U^T of every domain: takes a displacement from a reflection to N dh.
        np.ascontiguousarray(shape_matrix @ rotations.transpose(0, 2, 1)),
        cells,
        radius,
        reach,
        TOPHAT_RADIUS**2,
        detector.distance_mm,
        detector.beam_slow_mm,
        detector.beam_fast_mm,
        detector.pixel_mm,
        detector.oversample,
    )
    first_subpixel = 0.5 / detector.oversample
    scale = CLASSICAL_ELECTRON_RADIUS_SQUARED * beam.fluence * float(np.prod(cells)) ** 2
    scale /= len(rotations) * detector.oversample**2
    image *= scale * solid_angle(detector, first_subpixel)
    image *= polarization(detector, first_subpixel, beam.kahn)
    return image


ENGINES: Mapping[str, Engine] = MappingProxyType(
    {"float64": bragg_float64, "float32": bragg_float64, "continuous": bragg_float64}
)
"""Diffraction engines by name."""


def bragg_photons(
    crystal: Crystal,
    factors: StructureFactors,
    detector: Detector,
    beam: Beam,
    engine: str = "float64",
) -> FloatArray:
    """Expected Bragg photons of one shot.

    Args:
        crystal: Orientation, mosaic domains and size of a domain.
        factors: Structure factors of the cell.
        detector: Geometry and oversampling.
        beam: Wavelength, fluence, polarization and spectrum.
        engine: A name in ``ENGINES``.

    Returns:
        Photons per pixel, (slow, fast).

    Raises:
        ValueError: The engine is unknown.
    """
    if engine not in ENGINES:
        raise ValueError(f"unknown engine {engine!r}; choose one of {', '.join(ENGINES)}")
    return ENGINES[engine](crystal, factors, detector, beam)
