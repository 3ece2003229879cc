"""What a fibre-coupled CCD makes of the photons, in the order of the paper's Appendix A."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from diffranet.simulator.geometry import FloatArray

GREY_CLIP = 65025.0
"""Largest count that is kept: the square of the largest 8-bit grey."""
FIBRE_HEIGHT_PER_FWHM = 0.5 / math.sqrt(2.0 ** (2.0 / 3.0) - 1.0)
"""Height of the point source whose solid angle is the spread, in units of its FWHM."""


@dataclass(frozen=True)
class Readout:
    """Noise of the detector's electronics.

    Attributes:
        gain: Mean counts per photon.
        read_noise: RMS of the read-out noise, counts.
        offset: Constant added so that counts do not go below zero.
        psf_fwhm_mm: Width of the point spread at half maximum; 0 for none.
    """

    gain: float = 1.0
    read_noise: float = 3.0
    offset: float = 10.0
    psf_fwhm_mm: float = 0.041


def fibre_psf(shape: tuple[int, int], pixel_mm: float, fwhm_mm: float) -> FloatArray:
    """Share of the light that each pixel gets from the pixel at index (0, 0), wrapped around.

    The spread of a fibre-coupled CCD is the solid angle a pixel subtends at a point a height g
    above it, g/(2 pi) (g^2 + r^2)^(-3/2) (Holton et al. 2012); its integral over a pixel is
    closed, from the corners of atan(xy / (g sqrt(g^2 + x^2 + y^2))) / (2 pi).
    """
    g = FIBRE_HEIGHT_PER_FWHM * fwhm_mm
    edges = [(np.arange(n // 2 + 2) - 0.5) * pixel_mm for n in shape]
    x, y = edges[0][:, None], edges[1][None, :]
    corner = np.arctan(x * y / (g * np.sqrt(g**2 + x**2 + y**2))) / (2.0 * np.pi)
    quadrant = corner[1:, 1:] - corner[:-1, 1:] - corner[1:, :-1] + corner[:-1, :-1]
    rows, columns = (np.minimum(np.arange(n), n - np.arange(n)) for n in shape)
    return np.asarray(quadrant[np.ix_(rows, columns)])


def spread(photons: FloatArray, pixel_mm: float, fwhm_mm: float) -> FloatArray:
    """Convolve an image with the fibre point spread; light that leaves the edge is lost."""
    if fwhm_mm <= 0:
        return photons
    # An eighth of margin keeps all but a few millionths of the wrapped tail out of the image.
    padded = tuple(fft.next_fast_len(n + max(n // 8, 16), real=True) for n in photons.shape)
    rows, columns = padded
    kernel = fft.rfft2(fibre_psf((rows, columns), pixel_mm, fwhm_mm))
    image = fft.irfft2(fft.rfft2(photons, s=padded) * kernel, s=padded)
    return np.asarray(np.maximum(image[: photons.shape[0], : photons.shape[1]], 0.0))


def calibration_map(rng: np.random.Generator, shape: tuple[int, int], rms: float) -> FloatArray:
    """Gain of every pixel relative to the mean: a property of the detector, not of the shot."""
    return 1.0 + rms * rng.standard_normal(shape)


def read_out(
    rng: np.random.Generator,
    expected: FloatArray,
    pixel_mm: float,
    readout: Readout,
    calibration: FloatArray,
) -> FloatArray:
    """Counts of one exposure: Poisson, point spread, gain, read noise, offset; unclipped.

    Args:
        rng: Source of the shot's noise.
        expected: Expected photons per pixel, (slow, fast).
        pixel_mm: Pixel edge.
        readout: The electronics.
        calibration: Relative gain of every pixel, (slow, fast).
    """
    photons = rng.poisson(expected).astype(np.float64)
    counts = spread(photons, pixel_mm, readout.psf_fwhm_mm)
    counts *= readout.gain * calibration
    counts += readout.read_noise * rng.standard_normal(expected.shape)
    return counts + readout.offset


def to_grey(counts: FloatArray) -> npt.NDArray[np.uint8]:
    """Clip to the 16-bit range and compress by the square root to 8 bits, truncating."""
    return np.sqrt(np.clip(counts, 0.0, GREY_CLIP)).astype(np.uint8)
