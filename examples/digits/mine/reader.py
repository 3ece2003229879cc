"""Image files as the model wants them: those of the data set, and those that it is given later."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

MODES = ("1", "L", "P", "RGB", "RGBA")  # what Pillow turns into 8 bits of grey in full range
ENDINGS = (".png", ".pgm", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg")


def grey(path: Path) -> np.ndarray:
    """Return an image file as pixels (h, w) uint8.

    Raises:
        ValueError: It is of another kind.
        OSError: It cannot be read.
    """
    with Image.open(path) as image:
        if image.mode not in MODES:
            raise ValueError(f"{path}: mode {image.mode}; turn it into 8 bits of grey")
        return np.asarray(image.convert("L"))


class OneImage(list[np.ndarray]):
    """The images of a file, of which there is one; a format with stacks would have more."""

    def close(self) -> None:
        """Let go of the file, which is read already."""


class Reader:
    """Opens images for ``python -m automl.predict``."""

    def __init__(self, image_shape: tuple[int, int], options: Mapping[str, Any]) -> None:
        for name in options:  # behind "--"
            raise ValueError(f"{name}: these images are taken as they are; leave it out")
        self._shape = tuple(image_shape)

    def file_of(self, source: str) -> Path:
        """Return the file that a source names."""
        return Path(source)

    def takes(self, path: Path) -> bool:
        """Whether a file of a folder is an image, by its name."""
        return path.suffix.lower() in ENDINGS

    def open(self, source: str) -> OneImage:
        """Read a file.

        Raises:
            ValueError: It is of another kind or size.
            OSError: It cannot be read.
        """
        pixels = grey(Path(source))
        if pixels.shape != self._shape:
            raise ValueError(f"{source}: {pixels.shape} pixels; the model takes {self._shape}")
        return OneImage([pixels])
