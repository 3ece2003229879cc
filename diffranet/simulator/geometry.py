"""A flat detector perpendicular to the beam, in nanoBragg's axes.

The beam runs along +x, the fast axis along +z and the slow axis along -y; the centre of a
(sub)pixel lies at ``(index + 0.5) * size`` from the detector's corner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

CLASSICAL_ELECTRON_RADIUS_SQUARED = 7.94079248018965e-30
"""Thomson cross-section of one electron per steradian, m^2 (nanoBragg's constant)."""


@dataclass(frozen=True)
class Detector:
    """Where the pixels are.

    Attributes:
        n_slow: Number of pixels along the slow axis (image rows).
        n_fast: Number of pixels along the fast axis (image columns).
        pixel_mm: Edge of a square pixel.
        distance_mm: Distance from the crystal to the detector plane.
        beam_slow_mm: Where the beam meets the plane, from the corner along the slow axis.
        beam_fast_mm: The same along the fast axis.
        oversample: Subpixels per pixel and axis in the diffraction calculation.
    """

    n_slow: int
    n_fast: int
    pixel_mm: float
    distance_mm: float
    beam_slow_mm: float
    beam_fast_mm: float
    oversample: int = 1

    def __post_init__(self) -> None:
        if min(self.n_slow, self.n_fast, self.oversample) < 1:
            raise ValueError("a detector needs at least one pixel and one subpixel per axis")
        if min(self.pixel_mm, self.distance_mm) <= 0:
            raise ValueError("pixel size and distance of a detector must be above zero")

    @property
    def shape(self) -> tuple[int, int]:
        """Image shape (slow, fast)."""
        return self.n_slow, self.n_fast

    def offsets(self, at: float) -> tuple[FloatArray, FloatArray]:
        """Position of every pixel relative to the beam, mm.

        Args:
            at: Which point of the pixel, 0 (corner) to 1; 0.5 is its centre.

        Returns:
            ``y`` of shape (n_slow, 1) and ``z`` of shape (1, n_fast).
        """
        rows = np.arange(self.n_slow, dtype=np.float64)[:, None] + at
        columns = np.arange(self.n_fast, dtype=np.float64)[None, :] + at
        y = self.beam_slow_mm - rows * self.pixel_mm
        z = columns * self.pixel_mm - self.beam_fast_mm
        return y, z

    def max_two_theta(self) -> float:
        """Largest deflection angle on the detector, radians."""
        far_slow = max(abs(self.beam_slow_mm), abs(self.n_slow * self.pixel_mm - self.beam_slow_mm))
        far_fast = max(abs(self.beam_fast_mm), abs(self.n_fast * self.pixel_mm - self.beam_fast_mm))
        return float(np.arctan2(np.hypot(far_slow, far_fast), self.distance_mm))


def solid_angle(detector: Detector, at: float) -> FloatArray:
    """Solid angle of each pixel, steradian, (slow, fast); obliquity included."""
    y, z = detector.offsets(at)
    distance = np.sqrt(detector.distance_mm**2 + y**2 + z**2)
    return np.asarray(detector.pixel_mm**2 * detector.distance_mm / distance**3)


def polarization(detector: Detector, at: float, kahn: float) -> FloatArray:
    """Kahn's polarization factor of each pixel, (slow, fast).

    Args:
        detector: The geometry.
        at: Which point of the pixel, as in ``Detector.offsets``.
        kahn: 0 for an unpolarized beam, 1 for one fully polarized along the fast axis.
    """
    y, z = detector.offsets(at)
    in_plane = y**2 + z**2
    sin2 = in_plane / (detector.distance_mm**2 + in_plane)
    with np.errstate(invalid="ignore"):
        cos_2psi = np.where(in_plane > 0, (z**2 - y**2) / in_plane, 1.0)
    return np.asarray(0.5 * (2.0 - sin2 - kahn * cos_2psi * sin2))


def sin_theta_over_lambda(detector: Detector, at: float, wavelength: float) -> FloatArray:
    """Sin(theta)/lambda of each pixel, 1/Angstrom, (slow, fast)."""
    y, z = detector.offsets(at)
    cos_2theta = detector.distance_mm / np.sqrt(detector.distance_mm**2 + y**2 + z**2)
    return np.asarray(np.sqrt(0.5 * (1.0 - cos_2theta)) / wavelength)
