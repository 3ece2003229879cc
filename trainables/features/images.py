"""Grey images as the extractors take them."""

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8] | NDArray[np.uint16]


def as_images(images: Any) -> Images:
    """Return `images` as an array of grey images, without a copy where it is one already.

    Args:
        images: Array-like (n, h, w) of uint8 or uint16, in either byte order.

    Raises:
        ValueError: Another shape or type, or images without pixels.
    """
    array = np.asarray(images)
    if array.ndim != 3:
        hint = "; wrap a single image as image[np.newaxis]" if array.ndim == 2 else ""
        raise ValueError(f"images must have shape (n, h, w), not {array.shape}{hint}")
    if array.dtype.kind != "u" or array.dtype.itemsize > 2:
        raise ValueError(f"images must be uint8 or uint16 grey levels, not {array.dtype}")
    if 0 in array.shape[1:]:
        raise ValueError(f"images of {array.shape[1]} x {array.shape[2]} pixels have no pixels")
    return array


def one_by_one(images: Images) -> Iterator[Images]:
    """Yield each image (h, w); of a file mapped for reading, the pages seen are let go again.

    Otherwise a process that describes a whole split ends with all of it in its memory.

    Args:
        images: (n, h, w).
    """
    mapping = _mapping(images)
    for index, image in enumerate(images):
        yield image
        if mapping is not None and index % _KEPT == _KEPT - 1:
            mapping.madvise(mmap.MADV_DONTNEED)
    if mapping is not None:
        mapping.madvise(mmap.MADV_DONTNEED)


_KEPT = 64  # images: 16 MB of 512 x 512


def _mapping(images: Images) -> mmap.mmap | None:
    array: Any = images
    while isinstance(array, np.ndarray):
        base: Any = array.base
        if isinstance(array, np.memmap) and array.mode == "r" and isinstance(base, mmap.mmap):
            return base
        array = base
    return None
