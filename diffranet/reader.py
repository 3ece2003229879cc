"""Read one grey image, 8 or 16 bits deep, from PNG, PGM or TIFF."""

from __future__ import annotations

import io
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image, UnidentifiedImageError

from diffranet.errors import DataError

Grey = npt.NDArray[np.uint8]

SUFFIXES = frozenset({".png", ".pgm", ".tif", ".tiff"})
GREY_CLIP = 65025
PGM_HEADER = re.compile(
    rb"P5(?:\s+|#[^\n]*\n)+(\d+)(?:\s+|#[^\n]*\n)+(\d+)(?:\s+|#[^\n]*\n)+(\d+)\s"
)


def decode(content: bytes, path: Path) -> Grey:
    """Decode an image file to 8 bits.

    16-bit counts are clipped at 65025 and compressed by the square root, truncating, as the
    published images were made (paper Appendix A); 8-bit greys are taken as they are.

    Args:
        content: The file's bytes.
        path: Its path, for the decoder's choice and for messages.

    Returns:
        Pixels, (height, width).

    Raises:
        DataError: The file is damaged or no grey image.
    """
    pixels = decode_pixels(content, path)
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels.view(np.uint8))
    if pixels.dtype == np.uint16:
        compressed: Grey = np.sqrt(np.minimum(pixels, GREY_CLIP)).astype(np.uint8)
        return compressed
    raise DataError(f"{path} holds {pixels.dtype} pixels; 8 or 16 bits of grey are read")


def decode_pixels(content: bytes, path: Path) -> npt.NDArray[np.generic]:
    """Decode an image file as it is: greys or counts of any type.

    Args:
        content: The file's bytes.
        path: Its path, for the decoder's choice and for messages.

    Returns:
        Pixels, (height, width).

    Raises:
        DataError: The file is damaged or no single grey image.
    """
    suffix = path.suffix.lower()
    if suffix == ".png":
        pixels = _decode_png(content, path)
    elif suffix == ".pgm":
        pixels = _decode_pgm(content, path)
    else:
        pixels = _decode_tiff(content, path)
    if pixels.ndim != 2 or pixels.size == 0:
        raise DataError(f"{path} is no single grey image; its shape is {pixels.shape}")
    return pixels


def _decode_png(content: bytes, path: Path) -> npt.NDArray[np.generic]:
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            image.load()
            if image.mode not in ("L", "I;16", "I;16B", "I"):
                raise DataError(f"{path} is no grey image; its PNG mode is {image.mode}")
            # Pillow widens 16-bit PNGs to 32 bits in some versions; the values are the same.
            return np.asarray(image) if image.mode == "L" else np.asarray(image).astype(np.uint16)
    except (UnidentifiedImageError, OSError, SyntaxError, EOFError, struct.error, zlib.error):
        raise DataError(f"{path} is damaged: no readable PNG image; replace or remove it") from None


def _decode_pgm(content: bytes, path: Path) -> npt.NDArray[np.generic]:
    # Read here because Pillow rescales 16-bit counts by the file's declared maximum.
    header = PGM_HEADER.match(content)
    if header is None:
        raise DataError(f"{path} is damaged: no binary PGM (P5) header; replace or remove it")
    width, height, largest = (int(group) for group in header.groups())
    kind = np.dtype(np.uint8) if largest < 256 else np.dtype(">u2")
    body = content[header.end() :]
    if len(body) < width * height * kind.itemsize:
        raise DataError(f"{path} is damaged: its PGM pixels end early; replace or remove it")
    pixels = np.frombuffer(body, kind, count=width * height).reshape(height, width)
    return pixels.astype(kind.newbyteorder("="))


def _decode_tiff(content: bytes, path: Path) -> npt.NDArray[np.generic]:
    try:
        return np.asarray(tifffile.imread(io.BytesIO(content)))
    # A TIFF is a little program of tags; a damaged one can make its reader raise anything.
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is damaged: no readable TIFF image ({reason})") from None


def reduce_to(image: Grey, size: int, path: Path) -> Grey:
    """Shrink a square image to size x size by averaging whole blocks of pixels, rounding.

    Raises:
        DataError: The image is not a whole multiple of the size.
    """
    height, width = image.shape
    if height != width or height % size:
        raise DataError(
            f"{path} is {width} x {height} pixels and cannot be reduced to image_size={size}; "
            "choose a divisor of its size"
        )
    factor = height // size
    if factor == 1:
        return image
    blocks = image.reshape(size, factor, size, factor)
    reduced: Grey = np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)
    return reduced
