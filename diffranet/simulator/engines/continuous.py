"""The continuous engine: the distribution of mosaic domains instead of a draw from it.

A spot is lit in proportion to the share of domains that bring the reflection there: the integral
of the distribution of tilts over the section that the ellipsoid of the top hat makes with the
sphere of the reflection's length. It is what the mean over ever more domains tends to.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from diffranet.simulator.beam import Beam, draw_domain_wavelengths
from diffranet.simulator.crystal import Crystal
from diffranet.simulator.engines.continuous_kernel import accumulate_shares
from diffranet.simulator.engines.float64 import add_float64, sums_float64
from diffranet.simulator.engines.mosaic_limit import line_table, share_tables
from diffranet.simulator.engines.reflections import TOPHAT_RADIUS, Candidates, candidates
from diffranet.simulator.engines.spectrum import CUT, spectrum_tables
from diffranet.simulator.engines.spots import N_COLUMNS, describe_spots
from diffranet.simulator.factors import StructureFactors
from diffranet.simulator.geometry import Detector, FloatArray
from diffranet.simulator.mosaic import domain_rotations

_SMALLEST_MOSAIC_DEG = 1e-3
_SPECTRUM_SAMPLES = 64
_BLUNTEST = 0.08
"""Size of a spot relative to |g| from which on the sphere through it is no plane any more."""
_LEAST_TILT = 0.1
"""Largest shift by a tilt, relative to the spot, from which on the spot's exact rim matters."""
_SAMPLES = 256
_AT_A_TIME = 1024
"""Spots described at a time: few enough to stay in the processor's cache."""


def sums_continuous(
    crystal: Crystal, factors: StructureFactors, detector: Detector, beam: Beam
) -> FloatArray:
    """Mean over all domains of |F|^2 summed over the lit subpixels of each pixel, (slow, fast)."""
    # Below two cells an axis spots overlap, and without mosaic there is nothing to integrate.
    if min(crystal.cells) * 0.5 < TOPHAT_RADIUS:
        return sums_float64(crystal, factors, detector, beam)
    if crystal.mosaic_deg < _SMALLEST_MOSAIC_DEG:
        return sums_float64(*_without_mosaic(crystal, factors, detector, beam))
    mosaic = math.radians(crystal.mosaic_deg)
    spread = CUT * beam.bandwidth * beam.wavelength
    found = candidates(crystal, factors, detector, beam, mosaic=mosaic, spread=spread)
    length = np.linalg.norm(found.vectors, axis=1)
    slimmest = TOPHAT_RADIUS / float(np.linalg.norm(found.shape, 2))
    blunt = (found.reach > _BLUNTEST * length) | (mosaic * length < _LEAST_TILT * slimmest)
    sums = np.zeros(detector.shape)
    if blunt.any():
        few = found._replace(vectors=found.vectors[blunt], squared=found.squared[blunt])
        sums += _sampled(few, crystal, detector, beam)
        found = found._replace(vectors=found.vectors[~blunt], squared=found.squared[~blunt])
    axes = np.array([1.0, -1.0, 1.0])  # the slow axis runs against y
    metric = found.shape.T @ found.shape * np.outer(axes, axes)
    places = (
        _pixels(detector.n_slow, detector.oversample) * np.uintp(detector.n_fast),
        _pixels(detector.n_fast, detector.oversample),
    )
    sub = detector.pixel_mm / detector.oversample
    distance, radius = detector.distance_mm / sub, 1.0 / beam.wavelength
    centre = np.array([detector.beam_slow_mm, detector.beam_fast_mm]) / sub - 0.5
    inverse = np.linalg.inv(metric)
    spots = np.empty((_AT_A_TIME, N_COLUMNS))
    for start in range(0, len(found.vectors), _AT_A_TIME):
        met = describe_spots(
            spots,
            found.vectors[start : start + _AT_A_TIME] * axes,
            found.squared[start : start + _AT_A_TIME],
            metric,
            inverse,
            found.reach,
            mosaic,
            beam.bandwidth,
            radius,
            distance,
            centre,
            np.array([float(len(place)) for place in places]),
        )
        accumulate_shares(
            sums.reshape(-1),
            spots[:met],
            radius,
            distance,
            centre,
            *places,
            *share_tables(),
            line_table(),
            *spectrum_tables(),
        )
    return sums


def _sampled(found: Candidates, crystal: Crystal, detector: Detector, beam: Beam) -> FloatArray:
    """Spots that are wide for their angle or for the mosaic: the mean of a fixed sample."""
    waves = None
    if beam.bandwidth > 0.0:
        waves = draw_domain_wavelengths(
            np.random.default_rng(1), _SAMPLES, beam.wavelength, beam.bandwidth
        )
    sample = replace(crystal, domain_rotations=_sample(crystal.mosaic_deg))
    sums = np.zeros(detector.shape)
    add_float64(sums, found, sample, detector, replace(beam, domain_wavelengths=waves))
    return sums / _SAMPLES


def _pixels(pixels: int, oversample: int) -> npt.NDArray[np.uintp]:
    """Pixel of each subpixel along an axis."""
    return np.arange(pixels * oversample, dtype=np.uintp) // np.uintp(oversample)


@lru_cache(maxsize=8)
def _sample(mosaic_deg: float) -> FloatArray:
    return domain_rotations(np.random.default_rng(0), _SAMPLES + 1, mosaic_deg)[1:]


def _without_mosaic(
    crystal: Crystal, factors: StructureFactors, detector: Detector, beam: Beam
) -> tuple[Crystal, StructureFactors, Detector, Beam]:
    """One domain; with a spectrum as many as sample it evenly."""
    if beam.bandwidth == 0.0:
        one = replace(crystal, domain_rotations=np.eye(3)[None])
        return one, factors, detector, replace(beam, domain_wavelengths=None)
    from scipy.special import ndtri

    quantiles = (np.arange(_SPECTRUM_SAMPLES) + 0.5) / _SPECTRUM_SAMPLES
    waves = beam.wavelength * (1.0 + beam.bandwidth * ndtri(quantiles))
    many = replace(crystal, domain_rotations=np.repeat(np.eye(3)[None], len(waves), axis=0))
    return many, factors, detector, replace(beam, domain_wavelengths=waves)
