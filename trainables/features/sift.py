"""SIFT descriptors of the key points of each image (paper section 4.1)."""

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from numpy.typing import NDArray

from trainables.features.allocation import keep_freed_memory
from trainables.features.images import Images, as_images, one_by_one

VERSION = f"1-opencv{cv2.__version__}"
"""Names the definition and the library: stored descriptors of another version are not reused."""

LENGTH = 128

DESCRIPTOR = np.dtype([("image", "<u4"), ("values", "u1", (LENGTH,))])
"""One key point: the index of its image and its descriptor.

A table of these is a single array however many key points an image has. OpenCV rounds
descriptors to 0..255 itself, so bytes lose nothing.
"""


def sift_descriptors(images: Images) -> NDArray[np.void]:
    """Descriptors of all key points, in the order of the images.

    Args:
        images: (n, h, w) uint8; OpenCV finds key points in no other type.

    Returns:
        (m,) of `DESCRIPTOR`; images without key points have no entry.

    Raises:
        ValueError: Bad images, or more than eight bits.
    """
    images = as_images(images)
    if images.dtype != np.uint8:
        raise ValueError(f"SIFT needs uint8 images, not {images.dtype}; scale them to 0..255 first")
    found = []
    keep_freed_memory()
    with _one_thread():
        sift = cv2.SIFT.create()
        for index, image in enumerate(one_by_one(images)):
            _, values = sift.detectAndCompute(np.ascontiguousarray(image), None)
            if values is not None:
                rows = np.empty(len(values), DESCRIPTOR)
                rows["image"] = index
                rows["values"] = values
                found.append(rows)
    return np.concatenate(found) if found else np.empty(0, DESCRIPTOR)


@contextmanager
def _one_thread() -> Iterator[None]:
    # Trials run side by side; OpenCV would give each of them every core.
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
