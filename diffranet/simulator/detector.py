"""What a fibre-coupled CCD makes of the photons, in the order of the paper's Appendix A.

Poisson, point spread, gain error, read noise, offset, clip at 65025, square root, truncation to
8 bits. Photons are whole numbers; counts behind the fibres keep their fractions until the last
step, so that nothing is rounded twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from diffranet.simulator.geometry import Float32Array, FloatArray
from diffranet.simulator.normal import normal_quantiles, open_uniform
from diffranet.simulator.pointspread import PointSpread
from diffranet.simulator.poisson import BLOCK, draw_poisson

GREY_CLIP = 65025.0
"""Largest count that is kept: the square of the largest 8-bit grey."""
PSF_FWHM_MM = 0.041
"""Width of the fibres' point spread at half maximum."""


@dataclass(frozen=True)
class Readout:
    """Noise of the detector's electronics.

    Attributes:
        gain: Mean counts per photon.
        read_noise: RMS of the read-out noise, counts.
        offset: Constant added so that counts do not go below zero.
    """

    gain: float = 1.0
    read_noise: float = 3.0
    offset: float = 10.0

    def __post_init__(self) -> None:
        finite = all(map(math.isfinite, (self.gain, self.read_noise, self.offset)))
        if not (finite and self.gain > 0 and self.read_noise >= 0):
            raise ValueError(
                "a read-out needs a gain above zero, a read noise of zero or above and a finite "
                f"offset, got {self.gain}, {self.read_noise} and {self.offset}"
            )


class FibreCcd:
    """A fibre-coupled CCD: holds what its exposures have in common.

    Args:
        pixel_mm: Pixel edge.
        calibration: Gain of every pixel relative to the mean, (slow, fast).
        psf_fwhm_mm: Width of the point spread at half maximum; 0 for none.
    """

    def __init__(
        self,
        pixel_mm: float,
        calibration: npt.NDArray[np.floating],
        psf_fwhm_mm: float = PSF_FWHM_MM,
    ) -> None:
        self._calibration = np.ascontiguousarray(calibration, dtype=np.float32)
        self._spread = PointSpread(self._calibration.shape, pixel_mm, psf_fwhm_mm)

    def expose(
        self, rng: np.random.Generator, expected: npt.NDArray[np.floating], readout: Readout
    ) -> Float32Array:
        """Counts of one exposure: Poisson, point spread, gain, read noise, offset; unclipped.

        Args:
            rng: Source of the shot's noise.
            expected: Expected photons per pixel, (slow, fast).
            readout: The electronics.

        Raises:
            ValueError: The image has another shape than the detector, or bad expectations.
        """
        if expected.shape != self._calibration.shape:
            raise ValueError(
                f"the detector has {self._calibration.shape} pixels, the image {expected.shape}"
            )
        if expected.any():
            counts = self._spread.apply(draw_poisson(rng, expected))
        else:
            counts = np.zeros(expected.shape, dtype=np.float32)
        counts = np.ascontiguousarray(counts)
        _read_out(rng, counts.reshape(-1), self._calibration.reshape(-1), readout)
        return counts


def spread(photons: FloatArray, pixel_mm: float, fwhm_mm: float) -> FloatArray:
    """Convolve one image with the fibre point spread in double precision."""
    return PointSpread(photons.shape, pixel_mm, fwhm_mm, np.float64).apply(photons)


def calibration_map(rng: np.random.Generator, shape: tuple[int, int], rms: float) -> Float32Array:
    """Gain of every pixel relative to the mean: a property of the detector, not of the shot."""
    return (1.0 + rms * rng.standard_normal(shape)).astype(np.float32)


def to_grey(counts: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Clip to the 16-bit range and compress by the square root to 8 bits, truncating."""
    return np.asarray(np.sqrt(np.clip(counts, 0.0, GREY_CLIP)), dtype=np.uint8)


def binned(counts: Float32Array, n: int) -> Float32Array:
    """Means of n x n pixels.

    Raises:
        ValueError: The image is no whole number of such blocks.
    """
    if counts.shape[0] % n or counts.shape[1] % n:
        raise ValueError(f"an image of {counts.shape} pixels has no whole blocks of {n} x {n}")
    total = counts[::n, ::n].copy()
    for slow, fast in np.ndindex(n, n):
        if slow or fast:
            total += counts[slow::n, fast::n]
    total *= np.float32(1.0 / n**2)
    return total


def _read_out(
    rng: np.random.Generator, counts: Float32Array, calibration: Float32Array, readout: Readout
) -> None:
    for start in range(0, counts.size, BLOCK):
        part = counts[start : start + BLOCK]
        noise = normal_quantiles(open_uniform(rng, part.size))
        _electronics(
            *(part, calibration[start : start + BLOCK], noise),
            *(readout.gain, readout.read_noise, readout.offset),
        )


@njit(cache=True, error_model="numpy")
def _electronics(
    counts: Float32Array,
    calibration: Float32Array,
    noise: FloatArray,
    gain: float,
    read_noise: float,
    offset: float,
) -> None:
    for i in range(counts.size):
        counts[i] = counts[i] * gain * calibration[i] + read_noise * noise[i] + offset
