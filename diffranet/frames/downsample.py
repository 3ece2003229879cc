"""How many of a frame's pixels become one of the image, and their average.

The paper (section 3) downsamples its real images and says not by what factor. Blocks of a whole
number of pixels keep the noise of neighbours apart, as ``diffranet.reader.reduce_to`` does with the
data set's own images; ``fit`` shares pixels between neighbours so that the whole frame is used.
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
RULES = ("blocks", "fit")


@dataclass(frozen=True)
class Downsampling:
    """How much of a part of a frame is averaged to the image.

    Attributes:
        rule: ``blocks``: by the largest whole number for which the part has pixels; ``fit``: by
            whatever fraction takes the largest piece that has the image's proportions.
        edge: Whole number of pixels to average along each axis, instead of a rule.
    """

    rule: str = "blocks"
    edge: int | None = None

    @classmethod
    def parse(cls, text: str) -> Downsampling:
        """Read ``blocks``, ``fit`` or a whole number.

        Raises:
            DataError: It is none of them.
        """
        if re.fullmatch(r"[1-9]\d*", text):
            return cls(edge=int(text))
        if text not in RULES:
            raise DataError(
                f"downsample: {text!r} is no way to downsample; "
                f"{checks.did_you_mean(text, RULES)} (or a whole number of pixels from 1)"
            )
        return cls(rule=text)

    def used(self, part: Shape, image: Shape) -> Shape:
        """Return (height, width) of the piece of a part that is averaged to an image.

        Raises:
            DataError: The part has too few pixels.
        """
        edge = min(part[0] // image[0], part[1] // image[1])
        if edge < 1:
            raise DataError(
                f"{words(part)} pixels are fewer than the {words(image)} of the model's images; "
                "pixels are averaged, never invented: give larger images or a larger crop"
            )
        if self.edge is not None:
            if self.edge > edge:
                raise DataError(
                    f"downsample {self.edge}: {words(part)} pixels are fewer than {self.edge} "
                    f"times the {words(image)} of the model's images; give at most {edge}"
                )
            edge = self.edge
        elif self.rule == "fit":
            scale = min(part[0] / image[0], part[1] / image[1])
            return round(scale * image[0]), round(scale * image[1])
        return edge * image[0], edge * image[1]


def averaged(grey: Grey, masked: Mask | None, image: Shape) -> Grey:
    """Average pixels by the area that they share with one of the image; masked ones take no part.

    A pixel of the image without a measured one gets the median grey of the others.

    Args:
        grey: (height, width), no less than the image.
        masked: Of the same shape, or None.
        image: (height, width) of the image.

    Raises:
        DataError: Every pixel is masked.
    """
    if masked is None:
        if grey.shape == image:
            return grey
        area = (grey.shape[0] / image[0]) * (grey.shape[1] / image[1])
        return _rounded(_sums(grey, image) / area)
    measured = _sums(~masked, image)
    if not measured.any():
        raise DataError("every pixel of the crop is masked")
    some = measured > 0
    means = _sums(np.where(masked, 0, grey), image) / np.where(some, measured, 1.0)
    means[~some] = np.median(means[some])
    return _rounded(means)


def words(shape: Shape) -> str:
    """Return a size as it is written: ``96 × 64``."""
    return f"{shape[0]} × {shape[1]}"


def _sums(values: np.ndarray, image: Shape) -> np.ndarray:
    """Sum pixels, each by the share of its area that lies in one of the image."""
    height, width = image
    if values.shape[0] % height == 0 and values.shape[1] % width == 0:
        blocks = values.reshape(height, values.shape[0] // height, width, -1)
        return np.asarray(blocks.sum(axis=(1, 3), dtype=np.float64))
    return _binned(_binned(values, height).T, width).T


def _binned(values: np.ndarray, count: int) -> np.ndarray:
    """Sum rows into ``count`` of equal height; a row across a bound gives each its share."""
    rows = len(values)
    bounds = np.arange(1, count) * (rows / count)
    whole = bounds.astype(np.int64)
    sums = np.add.reduceat(values, np.concatenate([[0], whole]), axis=0, dtype=np.float64)
    # The row that a bound cuts was counted behind it: its share before goes back.
    before = (bounds - whole)[:, None] * values[whole]
    sums[:-1] += before
    sums[1:] -= before
    return np.asarray(sums)


def _rounded(values: np.ndarray) -> Grey:
    return np.asarray(np.rint(values), dtype=np.uint8)
