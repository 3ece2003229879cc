"""The default engine: the published discrete domains in single precision, many at a time.

For each reflection the domains that bring it onto the Ewald sphere are selected, and for all of
them at once the nine subpixels around the projected spot are tested. Spots that may reach further,
or overlap because a domain has fewer than two cells along an axis, go to the double-precision
kernel.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from diffranet.simulator.beam import Beam
from diffranet.simulator.crystal import Crystal
from diffranet.simulator.engines.domains import domain_radii, largest_spread
from diffranet.simulator.engines.float32_kernel import (
    MARGIN,
    Float32Array,
    Places,
    accumulate_spots_float32,
)
from diffranet.simulator.engines.float64 import add_float64
from diffranet.simulator.engines.reflections import TOPHAT_RADIUS, Candidates, candidates
from diffranet.simulator.factors import StructureFactors
from diffranet.simulator.geometry import Detector, FloatArray
from diffranet.simulator.mosaic import largest_angle

Bools = npt.NDArray[np.bool_]
F = np.float32

_SHORTEST_DISTANCE = 150.0
"""Detector distance in subpixels from which on three terms of the expansion are exact enough."""

_NINE = 1.49
"""Furthest that a spot may reach, in subpixels, to lie within the nine around its centre."""


def sums_float32(
    crystal: Crystal, factors: StructureFactors, detector: Detector, beam: Beam
) -> FloatArray:
    """Mean over the domains of |F|^2 summed over the lit subpixels of each pixel, (slow, fast)."""
    mosaic = largest_angle(crystal.domain_rotations)
    found = candidates(crystal, factors, detector, beam, mosaic=mosaic, spread=largest_spread(beam))
    n = len(crystal.domain_rotations)
    narrow = _within_nine(found, crystal, detector, beam, mosaic)
    wide = found._replace(vectors=found.vectors[~narrow], squared=found.squared[~narrow])
    if len(wide.vectors):
        found = found._replace(vectors=found.vectors[narrow], squared=found.squared[narrow])
    padded = np.zeros((detector.n_slow + 2, detector.n_fast + 2))
    sub = detector.pixel_mm / detector.oversample
    radii = domain_radii(beam, n)
    accumulate_spots_float32(
        padded.reshape(-1),
        found.vectors,
        found.squared,
        _domains(crystal.domain_rotations, radii * beam.wavelength - 1.0),
        # What decides whether a domain meets the sphere; differences are small, hence precise.
        np.vstack(
            [
                crystal.domain_rotations[:, 0].T - np.eye(3)[0][:, None],
                0.5 / radii,
                (found.reach + found.reach**2 * 0.5 / radii) * (1.0 + 1e-5),
            ]
        ).astype(F),
        found.shape.reshape(-1).astype(F),
        1.0 / beam.wavelength,
        detector.distance_mm / sub,
        detector.beam_slow_mm / sub - 0.5,
        detector.beam_fast_mm / sub - 0.5,
        F(TOPHAT_RADIUS**2),
        _places(detector.n_slow, detector.oversample) * np.uint32(detector.n_fast + 2),
        _places(detector.n_fast, detector.oversample),
        *_bits(),
    )
    sums = padded[1:-1, 1:-1].copy()
    if len(wide.vectors):
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
    longest = 2.0 / beam.wavelength * math.sin(detector.max_two_theta() / 2.0) + found.reach
    # The reflection itself is off the sphere by what its domains are tilted.
    tilt = math.asin(min(1.0, (mosaic * longest + 2.0 * found.reach) / radius))
    tilt += 2.0 * largest_spread(beam) / beam.wavelength
    if _window(distance, np.array(detector.max_two_theta() + 2.0 * tilt), cone) < _NINE:
        return ~none
    across = np.hypot(found.vectors[:, 1], found.vectors[:, 2])
    two_theta = np.arctan2(across, found.vectors[:, 0] + 1.0 / beam.wavelength)
    return np.asarray(_window(distance, two_theta + tilt, cone) < _NINE)


def _window(distance: float, two_theta: FloatArray, cone: float) -> FloatArray:
    """Furthest that a spot reaches from its centre on the detector, subpixels."""
    outer = two_theta + cone
    with np.errstate(divide="ignore", invalid="ignore"):
        window = distance * math.sin(cone) / (np.cos(two_theta) * np.cos(outer))
    return np.asarray(np.where(outer < 1.5, window, np.inf))


def _domains(rotations: FloatArray, change: FloatArray) -> Float32Array:
    """Quaternion (x, y, z, w) times the root of 2, and change of 1/lambda, (5, domains)."""
    quaternions = Rotation.from_matrix(rotations).as_quat(canonical=True)
    return np.vstack([math.sqrt(2.0) * quaternions.T, change]).astype(F)


def _places(pixels: int, oversample: int) -> Places:
    """Index in an axis with one pixel of border of each subpixel, margins included."""
    subpixels = np.arange(-MARGIN, pixels * oversample + MARGIN)
    return np.clip(subpixels // oversample + 1, 0, pixels + 1).astype(np.uint32)


@lru_cache(maxsize=1)
def _bits() -> tuple[Places, Places, Places]:
    """How many of nine bits are set in each mask, (512,); row and column of each, (512, 9)."""
    flags = (np.arange(512)[:, None] >> np.arange(9)) & 1
    order = np.argsort(1 - flags, axis=1, kind="stable").astype(np.uint32)
    return flags.sum(1).astype(np.uint32), order // np.uint32(3), order % np.uint32(3)
