"""Faults of an experiment: parasitic scatter, ice, the jet's streak and an absorbing tape.

All change an image of expected photons in place; ``level`` is in photons per pixel.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numba import njit

from diffranet.simulator.geometry import (
    Detector,
    Float32Array,
    FloatArray,
    sin_theta_over_lambda,
)

ICE_SPACINGS_A = (3.90, 3.67, 3.44, 2.67, 2.25)
ICE_STRENGTHS = (1.0, 0.6, 0.8, 0.3, 0.4)
ICE_WIDTH = 0.008
STREAK_WIDTH_MM = 0.8
STREAK_LENGTH_MM = 40.0
STREAK_WIDTHS = 9.0
"""Widths from its middle beyond which a streak's share, below 1e-17, is not computed."""


class Artefacts:
    """The faults on one detector at one wavelength; holds what all shots have in common.

    Args:
        detector: The geometry.
        wavelength: Angstrom.
    """

    def __init__(self, detector: Detector, wavelength: float) -> None:
        self._detector = detector
        self._wavelength = wavelength

    def add_parasitic(self, expected: FloatArray, level: float) -> None:
        """Scatter of slits and windows, falling as 1/q^2, of the given mean."""
        _add(expected.reshape(-1), self._fall, level)

    def add_ice_rings(self, expected: FloatArray, level: float) -> None:
        """Powder rings of hexagonal ice, the strongest with the given peak."""
        _add(expected.reshape(-1), self._rings, level)

    def add_jet_streak(self, expected: FloatArray, angle_deg: float, level: float) -> None:
        """Refraction of a liquid jet: a line through the beam, fading outwards from its peak."""
        y, z = self._detector.offsets(0.5)
        # Never narrower than a pixel, or its light would depend on where pixel centres fall.
        width = max(STREAK_WIDTH_MM, self._detector.pixel_mm)
        angle = np.radians(angle_deg)
        _add_streak(expected, y[:, 0], z[0], np.cos(angle), np.sin(angle), width, level)

    def cover_with_tape(
        self, expected: FloatArray, angle_deg: float, edge: float, transmission: float
    ) -> None:
        """Absorb light in a half-plane.

        Args:
            expected: Expected photons per pixel, (slow, fast).
            angle_deg: Direction of the edge's normal.
            edge: Distance of the edge from the frame's centre, in frame widths.
            transmission: Of the covered half.
        """
        n_slow, n_fast = self._detector.shape
        rows = (np.arange(n_slow) + 0.5) / n_slow - 0.5
        columns = (np.arange(n_fast) + 0.5) / n_fast - 0.5
        angle = np.radians(angle_deg)
        _absorb(expected, np.cos(angle) * rows, np.sin(angle) * columns, edge, transmission)

    @cached_property
    def _fall(self) -> Float32Array:
        stol = sin_theta_over_lambda(self._detector, 0.5, self._wavelength)
        # Behind a beamstop the divergence at q = 0 is never recorded.
        fall = 1.0 / np.maximum(stol, 0.005) ** 2
        return np.asarray(fall / fall.mean(), dtype=np.float32).reshape(-1)

    @cached_property
    def _rings(self) -> Float32Array:
        inverse_d = 2.0 * sin_theta_over_lambda(self._detector, 0.5, self._wavelength)
        rings = np.zeros(self._detector.shape)
        for spacing, strength in zip(ICE_SPACINGS_A, ICE_STRENGTHS, strict=True):
            offset = inverse_d * spacing - 1.0
            rings += strength * np.exp(-0.5 * (offset / ICE_WIDTH) ** 2)
        return rings.astype(np.float32).reshape(-1)


@njit(cache=True, error_model="numpy")
def _add(expected: FloatArray, profile: Float32Array, level: float) -> None:
    for i in range(expected.size):
        expected[i] += level * profile[i]


@njit(cache=True, error_model="numpy")
def _add_streak(
    expected: FloatArray,
    y: FloatArray,
    z: FloatArray,
    cos: float,
    sin: float,
    width: float,
    level: float,
) -> None:
    for i in range(y.size):
        for j in range(z.size):
            across = (cos * z[j] - sin * y[i]) / width
            if abs(across) < STREAK_WIDTHS:
                along = (cos * y[i] + sin * z[j]) / STREAK_LENGTH_MM
                expected[i, j] += level * np.exp(-0.5 * across * across) / (1.0 + along * along)


@njit(cache=True, error_model="numpy")
def _absorb(
    expected: FloatArray,
    rows: FloatArray,
    columns: FloatArray,
    edge: float,
    transmission: float,
) -> None:
    for i in range(rows.size):
        for j in range(columns.size):
            if rows[i] + columns[j] > edge:
                expected[i, j] *= transmission
