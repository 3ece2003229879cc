"""Which part of a frame becomes the image, and how it is brought to the image's size.

The paper (section 3) downsamples and crops its real images to 512 x 512, away from the shadow of
a beamstop that lies across the middle; it gives neither factor nor place. Here a part of the frame
is chosen, and of it the largest piece, around its centre, that is a whole multiple of the image:
blocks of pixels are averaged, as ``diffranet.reader.reduce_to`` does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from diffranet import options as checks
from diffranet.errors import DataError
from diffranet.frames.counts import Mask
from diffranet.reader import Grey

Shape = tuple[int, int]
PARTS = ("centre", "upper", "lower")


@dataclass(frozen=True)
class Piece:
    """The rows and columns of a frame that are used, and the edge of the blocks averaged."""

    top: int
    left: int
    height: int
    width: int
    block: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the piece in its frame."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )


@dataclass(frozen=True)
class Crop:
    """A part of every frame: all of it, the half above or below the middle row, or a rectangle.

    Attributes:
        part: One of ``PARTS``; ``centre`` is the whole frame.
        rectangle: (top, left, height, width) in the frame's pixels, instead of a part.
    """

    part: str = "centre"
    rectangle: tuple[int, int, int, int] | None = None

    @classmethod
    def parse(cls, text: str) -> Crop:
        """Read ``centre``, ``upper``, ``lower`` or ``TOP,LEFT,HEIGHT,WIDTH``.

        Raises:
            DataError: It is none of them.
        """
        if re.fullmatch(r"\d+(,\d+){3}", text):
            top, left, height, width = (int(word) for word in text.split(","))
            return cls(rectangle=(top, left, height, width))
        if text not in PARTS:
            raise DataError(
                f"crop: {text!r} is no part of a frame; {checks.did_you_mean(text, PARTS)} "
                "(or TOP,LEFT,HEIGHT,WIDTH in pixels)"
            )
        return cls(part=text)

    def piece(self, frame: Shape, image: Shape) -> Piece:
        """Return what becomes the image.

        Args:
            frame: (height, width) of the frame.
            image: (height, width) of the image.

        Raises:
            DataError: The part is smaller than the image, or lies outside of the frame.
        """
        top, left, height, width = self._part(frame)
        if top + height > frame[0] or left + width > frame[1]:
            raise DataError(
                f"crop {top},{left},{height},{width} reaches beyond the frame's {_words(frame)}"
            )
        block = min(height // image[0], width // image[1])
        if block < 1:
            raise DataError(
                f"{_words((height, width))} are fewer than the {_words(image)} of the model's "
                "images; pixels are averaged, never invented: give larger images or a larger crop"
            )
        used = block * image[0], block * image[1]
        return Piece(
            top + (height - used[0]) // 2, left + (width - used[1]) // 2, used[0], used[1], block
        )

    def _part(self, frame: Shape) -> tuple[int, int, int, int]:
        if self.rectangle is not None:
            return self.rectangle
        height, width = frame
        if self.part == "upper":
            return 0, 0, height // 2, width
        if self.part == "lower":
            return height - height // 2, 0, height // 2, width
        return 0, 0, height, width


def averaged(grey: Grey, masked: Mask | None, block: int) -> Grey:
    """Average blocks of pixels, rounding; masked pixels take no part.

    A block without a measured pixel gets the median grey of the others.

    Args:
        grey: (h * block, w * block).
        masked: Of the same shape, or None.
        block: Edge of a block in pixels.

    Returns:
        (h, w).

    Raises:
        DataError: Every pixel is masked.
    """
    if masked is None:
        return grey if block == 1 else _rounded(_sums(grey, block) / block**2)
    measured = _sums(~masked, block)
    if not measured.any():
        raise DataError("every pixel of the crop is masked")
    means = _sums(np.where(masked, 0, grey), block) / np.maximum(measured, 1)
    means[measured == 0] = np.median(means[measured > 0])
    return _rounded(means)


def _sums(values: np.ndarray, block: int) -> np.ndarray:
    height, width = (edge // block for edge in values.shape)
    blocks = values.reshape(height, block, width, block)
    return np.asarray(blocks.sum(axis=(1, 3), dtype=np.float64))


def _rounded(values: np.ndarray) -> Grey:
    return np.asarray(np.rint(values), dtype=np.uint8)


def _words(shape: Shape) -> str:
    return f"{shape[0]} x {shape[1]} pixels"
