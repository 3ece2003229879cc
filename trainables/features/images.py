"""Grey images as the extractors take them."""

import mmap
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8] | NDArray[np.uint16]


class LazyImages:
    """Images (n, h, w) uint8 that are made of others, each when it is asked for.

    Extractors take them one by one, so that a split which is mapped from disk never lies in
    memory as a whole.
    """

    dtype = np.dtype(np.uint8)
    ndim = 3

    def __init__(self, images: Images, make: Callable[[Images], NDArray[np.uint8]]) -> None:
        """Take (n, h, w) images and what makes (h, w) uint8 of one (h, w)."""
        self._images = images
        self._make = make
        self.shape = images.shape

    @classmethod
    def of(cls, images: Any, make: Callable[[Images], NDArray[np.uint8]]) -> Images:
        """The lazy images, as whatever takes images sees them.

        Raises:
            ValueError: `images` are no images; see `as_images`.
        """
        return cast(Images, cls(as_images(images), make))

    def __len__(self) -> int:
        return len(self._images)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return (self._make(image) for image in one_by_one(self._images))

    def __getitem__(self, places: slice) -> "LazyImages":
        return LazyImages(self._images[places], self._make)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        del copy  # there is nothing yet that could be shared
        made = np.empty(self.shape, dtype or self.dtype)
        for place, image in zip(made, self, strict=True):
            place[...] = image
        return made


def as_images(images: Any) -> Images:
    """Return `images` as an array of grey images, without a copy where it is one already.

    Args:
        images: Array-like (n, h, w) of uint8 or uint16, in either byte order; `LazyImages` stay.

    Raises:
        ValueError: Another shape or type, or images without pixels.
    """
    if isinstance(images, LazyImages):
        return cast(Images, images)
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
