"""Faults of an experiment: parasitic scatter, ice, the jet's streak and an absorbing tape.

All but the tape return photons per pixel to be added; ``level`` is in photons per pixel.
"""

from __future__ import annotations

import numpy as np

from diffranet.simulator.geometry import Detector, FloatArray, sin_theta_over_lambda

ICE_SPACINGS_A = (3.90, 3.67, 3.44, 2.67, 2.25)
ICE_STRENGTHS = (1.0, 0.6, 0.8, 0.3, 0.4)
ICE_WIDTH = 0.008
STREAK_WIDTH_MM = 0.8
STREAK_LENGTH_MM = 40.0


def parasitic(detector: Detector, wavelength: float, level: float) -> FloatArray:
    """Scatter of slits and windows, falling as 1/q^2, of the given mean."""
    stol = sin_theta_over_lambda(detector, 0.5, wavelength)
    # Behind a beamstop the divergence at q = 0 is never recorded.
    fall = 1.0 / np.maximum(stol, 0.005) ** 2
    return np.asarray(level * fall / fall.mean())


def ice_rings(detector: Detector, wavelength: float, level: float) -> FloatArray:
    """Powder rings of hexagonal ice, the strongest with the given peak."""
    inverse_d = 2.0 * sin_theta_over_lambda(detector, 0.5, wavelength)
    rings = np.zeros(detector.shape)
    for spacing, strength in zip(ICE_SPACINGS_A, ICE_STRENGTHS, strict=True):
        offset = inverse_d * spacing - 1.0
        rings += strength * np.exp(-0.5 * (offset / ICE_WIDTH) ** 2)
    return level * rings


def jet_streak(detector: Detector, angle_deg: float, level: float) -> FloatArray:
    """Refraction of a liquid jet: a line through the beam, fading outwards from its peak."""
    y, z = detector.offsets(0.5)
    angle = np.radians(angle_deg)
    along = np.cos(angle) * y + np.sin(angle) * z
    across = -np.sin(angle) * y + np.cos(angle) * z
    # Never narrower than a pixel, or its light would depend on where pixel centres fall.
    width = max(STREAK_WIDTH_MM, detector.pixel_mm)
    profile = np.exp(-0.5 * (across / width) ** 2) / (1.0 + (along / STREAK_LENGTH_MM) ** 2)
    return np.asarray(level * profile)


def tape(detector: Detector, angle_deg: float, edge: float, transmission: float) -> FloatArray:
    """Transmission of a half-plane of tape, (slow, fast).

    Args:
        detector: The geometry.
        angle_deg: Direction of the edge's normal.
        edge: Distance of the edge from the frame's centre, in frame widths.
        transmission: Of the covered half.
    """
    rows = (np.arange(detector.n_slow) + 0.5) / detector.n_slow - 0.5
    columns = (np.arange(detector.n_fast) + 0.5) / detector.n_fast - 0.5
    angle = np.radians(angle_deg)
    side = np.cos(angle) * rows[:, None] + np.sin(angle) * columns[None, :]
    return np.where(side > edge, transmission, 1.0)
