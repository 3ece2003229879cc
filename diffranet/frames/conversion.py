"""What was done to a frame of another size or depth, in words for whoever gave it."""

from __future__ import annotations

from dataclasses import dataclass

from diffranet.frames.crop import Crop, Piece
from diffranet.frames.downsample import Downsampling, Shape, words


@dataclass(frozen=True)
class Conversion:
    """How a frame became an image; its text is empty where it was one already.

    Attributes:
        frame: (height, width) of the frame.
        bits: Of a pixel.
        part: What ``crop`` leaves of it.
        piece: What of that is used.
        image: (height, width) of the image.
    """

    frame: Shape
    bits: int
    part: Piece
    piece: Piece
    image: Shape
    crop: Crop
    downsampling: Downsampling

    def __str__(self) -> str:
        """Return the sentence: the same for all frames of one size and depth."""
        if self.frame == self.image and self.bits == 8:
            return ""
        depth = "" if self.bits == 8 else f", {self.bits} bits"
        model = "" if self.frame == self.image else f" (the model's: {words(self.image)})"
        steps = [self._used(), self._averaged(), self._compressed(), self._advice()]
        said = "; ".join(step for step in steps if step)
        return f"images of {words(self.frame)}{depth}{model}: {said}"

    def _used(self) -> str:
        of_frame = Piece(0, 0, *self.frame)
        if self.piece == of_frame:
            return "all is classified"
        size = words((self.piece.height, self.piece.width))
        place = "the whole" if self.piece == self.part else f"the central {size}"
        if self.crop.rectangle is not None:
            place += f" of the {words((self.part.height, self.part.width))} cropped"
        elif self.part != of_frame:
            place += f" of the {self.crop.part} half"
        share = self.piece.height * self.piece.width / (self.frame[0] * self.frame[1])
        return f"{place} is classified, {100 * share:.3g} % of the image"

    def _averaged(self) -> str:
        rows, columns = self.piece.height / self.image[0], self.piece.width / self.image[1]
        if rows == columns == 1:
            return ""
        if rows == columns and rows.is_integer():
            return f"{words((int(rows), int(rows)))} pixels are averaged to one"
        return f"{rows:.3g} × {columns:.3g} pixels are averaged to one"

    def _compressed(self) -> str:
        return "" if self.bits == 8 else "counts become greys by their square root"

    def _advice(self) -> str:
        chosen = self.downsampling.edge is not None or self.downsampling.rule == "fit"
        more = Downsampling("fit").used((self.part.height, self.part.width), self.image)
        if chosen or more == (self.piece.height, self.piece.width):
            return ""
        return f"--downsample fit averages {words(more)} to {words(self.image)}"
