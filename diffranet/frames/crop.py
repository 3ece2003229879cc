"""Which part of a frame becomes the image.

The paper (section 3) downsamples and crops its real images to 512 x 512, away from the shadow of
a beamstop that lies across the middle; it gives neither factor nor place. Here a part of the frame
is chosen, and of it the piece around its centre that ``diffranet.frames.downsample`` averages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from diffranet import options as checks
from diffranet.errors import DataError
from diffranet.frames.downsample import Downsampling, Shape, words

PARTS = ("centre", "upper", "lower")


@dataclass(frozen=True)
class Piece:
    """The rows and columns of a frame that are used."""

    top: int
    left: int
    height: int
    width: int

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

    def piece(self, frame: Shape, image: Shape, downsampling: Downsampling) -> Piece:
        """Return what becomes the image.

        Args:
            frame: (height, width) of the frame.
            image: (height, width) of the image.
            downsampling: How much of the part is averaged.

        Raises:
            DataError: The part has too few pixels, or lies outside of the frame.
        """
        part = self.part_of(frame)
        if part.top + part.height > frame[0] or part.left + part.width > frame[1]:
            raise DataError(
                f"crop {part.top},{part.left},{part.height},{part.width} reaches beyond the "
                f"frame's {words(frame)} pixels"
            )
        height, width = downsampling.used((part.height, part.width), image)
        return Piece(
            part.top + (part.height - height) // 2,
            part.left + (part.width - width) // 2,
            height,
            width,
        )

    def part_of(self, frame: Shape) -> Piece:
        """Return the part of a frame, which may reach beyond it."""
        if self.rectangle is not None:
            return Piece(*self.rectangle)
        height, width = frame
        if self.part == "upper":
            return Piece(0, 0, height // 2, width)
        if self.part == "lower":
            return Piece(height - height // 2, 0, height // 2, width)
        return Piece(0, 0, height, width)
