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
