"""Changes of images that leave their classes as they are: at random in training, all in turn later.

None is in the paper; all are off by default.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Symmetries = Literal["none", "dihedral"]
TestTimeAugmentation = Literal["none", "symmetries"]

FLIP_ROWS, FLIP_COLUMNS, TRANSPOSE = 1, 2, 4
BRIGHTEST = 255


def draw(generator: np.random.Generator, images: int, square: bool) -> npt.NDArray[np.uint8]:
    """One symmetry per image: 8 of them for square images, the 4 without transposition else.

    A diffraction image has no preferred orientation; Dieleman et al. 2015 do the same for
    galaxies.
    """
    return generator.integers(8 if square else 4, size=images, dtype=np.uint8)


def apply(images: Tensor, symmetries: Tensor) -> Tensor:
    """Flip and transpose each of (n, h, w) images by its own symmetry (n,)."""
    chosen = symmetries.view(-1, 1, 1)
    images = torch.where((chosen & FLIP_ROWS) != 0, images.flip(1), images)
    images = torch.where((chosen & FLIP_COLUMNS) != 0, images.flip(2), images)
    if images.shape[1] == images.shape[2]:
        images = torch.where((chosen & TRANSPOSE) != 0, images.transpose(1, 2), images)
    return images


def views(kind: TestTimeAugmentation, shape: tuple[int, int]) -> int:
    """How many symmetries of an image (h, w) are classified: 1, or all 8, or 4 where h ≠ w."""
    if kind == "none":
        return 1
    return 8 if shape[0] == shape[1] else 4


def view(images: Tensor, symmetry: int) -> Tensor:
    """Flip and transpose all of (…, h, w) images by one symmetry; 0 leaves them as they are."""
    if symmetry & FLIP_ROWS:
        images = images.flip(-2)
    if symmetry & FLIP_COLUMNS:
        images = images.flip(-1)
    if symmetry & TRANSPOSE:
        images = images.transpose(-2, -1).contiguous()
    return images


def draw_intensities(
    generator: np.random.Generator, images: int, reach: float
) -> npt.NDArray[np.float32]:
    """One factor of the grey levels per image: exp(u) with u uniform in [-reach, reach / 3).

    Stands for the intensity that differs from shot to shot; mostly darker, as the real images
    are. Domain randomisation in the sense of Tobin et al. 2017.
    """
    return np.exp(generator.uniform(-reach, reach / 3, images)).astype(np.float32)


def scale(images: Tensor, factors: Tensor) -> Tensor:
    """Multiply each of (n, h, w) images of grey levels by its own factor (n,), up to 255."""
    return (images.float() * factors.view(-1, 1, 1)).clamp_max(BRIGHTEST)
