"""The point spread of a fibre-coupled CCD (Holton et al. 2012)."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import fft

from diffranet.simulator.geometry import FloatArray

FIBRE_HEIGHT_PER_FWHM = 0.5 / math.sqrt(2.0 ** (2.0 / 3.0) - 1.0)
"""Height of the point source whose solid angle is the spread, in units of its FWHM."""
WRAPPED_SHARE = 1e-7
"""Largest share of a pixel's light that a single-precision spread puts into another pixel, on
the opposite side of the image; of evenly lit images the edges gain a few parts in 10,000."""

Real = TypeVar("Real", np.float32, np.float64)


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


class PointSpread:
    """Convolves images of one shape with the fibre point spread; light that leaves is lost.

    Args:
        shape: Of the images, (slow, fast).
        pixel_mm: Pixel edge.
        fwhm_mm: Width of the spread at half maximum; 0 for none.
        dtype: ``float64`` convolves exactly; ``float32`` is three times as fast, with the
            wrapped light that ``WRAPPED_SHARE`` bounds.

    Raises:
        ValueError: The width is negative or not finite, or the pixel is not above zero.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        pixel_mm: float,
        fwhm_mm: float,
        dtype: type[np.float32 | np.float64] = np.float32,
    ) -> None:
        if not (math.isfinite(fwhm_mm) and fwhm_mm >= 0):
            raise ValueError(f"the width of a point spread must be zero or above, got {fwhm_mm}")
        if not (math.isfinite(pixel_mm) and pixel_mm > 0):
            raise ValueError(f"the pixel of a point spread must be above zero, got {pixel_mm}")
        self._shape = shape
        self._none = fwhm_mm == 0
        if self._none:
            return
        margin = max(shape)
        if dtype == np.float32:
            margin = _margin(pixel_mm, fwhm_mm)
        slow, fast = (fft.next_fast_len(n + min(n - 1, margin), real=True) for n in shape)
        self._padded = slow, fast
        # The spread is even along both axes, so that its transform is real.
        transform = fft.rfft2(fibre_psf((slow, fast), pixel_mm, fwhm_mm)).real
        self._transform = transform.astype(dtype)

    def apply(self, image: npt.NDArray[Real]) -> npt.NDArray[Real]:
        """The image behind the fibres, (slow, fast), of the dtype of the images.

        Raises:
            ValueError: The image has another shape.
        """
        if image.shape != self._shape:
            raise ValueError(f"the point spread is made for {self._shape}, got {image.shape}")
        if self._none:
            return image
        n_slow, n_fast = self._shape
        slow, fast = self._padded
        # Row by row only where there is light: half the work of a two-dimensional transform.
        rows = fft.rfft(image, fast, axis=1)
        spectrum = fft.fft(rows, slow, axis=0)
        spectrum *= self._transform
        columns = fft.ifft(spectrum, axis=0, overwrite_x=True)[:n_slow]
        spread: npt.NDArray[Real] = fft.irfft(columns, fast, axis=1)[:, :n_fast]
        # Rounding leaves dark pixels a little below zero.
        return np.maximum(spread, 0, out=spread)


def _margin(pixel_mm: float, fwhm_mm: float) -> int:
    """Pixels beyond which the tail g pixel^2 / (2 pi r^3) is below ``WRAPPED_SHARE``."""
    g = FIBRE_HEIGHT_PER_FWHM * fwhm_mm
    return math.ceil(math.cbrt(g / (2.0 * math.pi * pixel_mm * WRAPPED_SHARE)))
