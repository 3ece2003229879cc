"""Random symmetries of a square: a diffraction image has no preferred orientation.

Not in the paper; off by default.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

FLIP_ROWS, FLIP_COLUMNS, TRANSPOSE = 1, 2, 4


def draw(generator: np.random.Generator, images: int, square: bool) -> npt.NDArray[np.uint8]:
    """One symmetry per image: 8 of them for square images, the 4 without transposition else."""
    return generator.integers(8 if square else 4, size=images, dtype=np.uint8)


def apply(images: Tensor, symmetries: Tensor) -> Tensor:
    """Flip and transpose each of (n, h, w) images by its own symmetry (n,)."""
    chosen = symmetries.view(-1, 1, 1)
    images = torch.where((chosen & FLIP_ROWS) != 0, images.flip(1), images)
    images = torch.where((chosen & FLIP_COLUMNS) != 0, images.flip(2), images)
    if images.shape[1] == images.shape[2]:
        images = torch.where((chosen & TRANSPOSE) != 0, images.transpose(1, 2), images)
    return images
