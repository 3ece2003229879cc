"""From what a detector counted to the 8-bit greys of the published images.

Greys of 8 bits are taken as they are. Counts are clipped to 0..65025 and compressed by the square
root, truncating (paper appendix A), as ``diffranet.reader.decode`` does with 16-bit files: a file
gives the same image here as it would in the data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from diffranet.errors import DataError
from diffranet.reader import GREY_CLIP, Grey

Pixels = npt.NDArray[np.generic]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Frame:
    """One image as its file has it.

    Attributes:
        pixels: (height, width) of any integer or real type.
        has_flags: Whether the two largest values of an unsigned type mark pixels that measured
            nothing (gaps, dead pixels), as in the stacks of pixel-array detectors. Where it is
            false the largest value is a bright pixel.
    """

    pixels: Pixels
    has_flags: bool = False


def masked_pixels(frame: Frame) -> Mask | None:
    """Return where the detector measured nothing, (height, width), or None for nowhere.

    Integers below zero are masked (CBF marks gaps with -1, bad pixels with -2), so are reals that
    are not finite, and the two largest values of 16 and 32 unsigned bits where they are flags.
    """
    pixels = frame.pixels
    kind = pixels.dtype.kind
    found: Mask
    if kind == "i":
        found = np.less(pixels, 0)
    elif kind == "f":
        found = ~np.isfinite(pixels)
    elif frame.has_flags and pixels.dtype.itemsize > 1:
        found = np.greater(pixels, _largest(pixels) - 2)
    else:
        return None
    return found if found.any() else None


def greys(pixels: Pixels) -> Grey:
    """Return 8-bit greys of the same shape; masked pixels get any value.

    Raises:
        DataError: The pixels are no numbers.
    """
    kind, size = pixels.dtype.kind, pixels.dtype.itemsize
    if kind == "u" and size == 1:
        return np.ascontiguousarray(pixels.view(np.uint8))
    if kind not in "uif":
        raise DataError(f"{pixels.dtype} pixels; whole or real numbers of grey are read")
    if kind == "f":
        counts = np.nan_to_num(pixels, nan=0.0, posinf=0.0, neginf=0.0)
        return np.asarray(np.sqrt(np.clip(counts, 0.0, GREY_CLIP)), dtype=np.uint8)
    whole: npt.NDArray[np.integer] = pixels.view(pixels.dtype)
    clipped = np.clip(whole, 0, min(GREY_CLIP, _largest(pixels))).astype(np.uint16)
    return np.asarray(_square_roots()[clipped], dtype=np.uint8)


def _largest(pixels: Pixels) -> int:
    """Return the largest value that whole pixels can have."""
    bits = 8 * pixels.dtype.itemsize
    return int(2 ** (bits - (pixels.dtype.kind == "i"))) - 1


@lru_cache(maxsize=1)
def _square_roots() -> Grey:
    return np.sqrt(np.arange(GREY_CLIP + 1)).astype(np.uint8)
