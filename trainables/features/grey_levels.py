"""Images with normalised grey levels, made one by one while they are described."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainables.features.extraction import Split
from trainables.features.images import Images, LazyImages
from trainables.grey_levels import (
    DEVIATION,
    LEAST_DEVIATION,
    MEAN,
    REACH,
    VERSION,
    GreyLevels,
)

WHITE = 255


def normalised(image: Images, kind: GreyLevels) -> NDArray[np.uint8]:
    """One image with normalised grey levels; see `trainables.grey_levels`.

    Args:
        image: (h, w) uint8 or uint16.
        kind: Any but `none`.

    Returns:
        (h, w) uint8.
    """
    levels = _KINDS[kind](image.astype(np.int64))
    return np.clip(np.rint(levels), 0, WHITE).astype(np.uint8)


def normalised_images(images: Images, kind: GreyLevels) -> Images:
    """The images themselves with `none`, else each normalised when it is asked for.

    Raises:
        ValueError: Bad images.
    """
    return images if kind == "none" else LazyImages.of(images, partial(normalised, kind=kind))


@dataclass(frozen=True)
class NormalisedSplit:
    """A split whose images have normalised grey levels, and a digest that says so."""

    split: Split
    kind: GreyLevels

    @property
    def images(self) -> Images:
        """(n, h, w) uint8."""
        return normalised_images(self.split.images, self.kind)

    @property
    def digest(self) -> str:
        """Of the images and of what is done to them."""
        return f"{self.split.digest}{suffix(self.kind)}"


def normalised_split(split: Split, kind: GreyLevels) -> Split:
    """The split itself with `none`: what is stored of it stays under its own digest."""
    return split if kind == "none" else NormalisedSplit(split, kind)


def suffix(kind: GreyLevels) -> str:
    """What a digest of normalised images has behind that of the images."""
    return f",{kind}-{VERSION}"


def _standardised(levels: NDArray[np.int64]) -> NDArray[np.float64]:
    return _scaled(levels, levels.mean(), levels.std())


def _equalised(levels: NDArray[np.int64]) -> NDArray[np.float64]:
    _, places, counts = np.unique(levels, return_inverse=True, return_counts=True)
    middles = 2 * counts.cumsum() - counts
    ranks: NDArray[np.float64] = middles[places.reshape(levels.shape)] / (2 * levels.size)
    return WHITE * ranks


def _local_contrast(levels: NDArray[np.int64]) -> NDArray[np.float64]:
    # In integers until the division, so that a flat window has no deviation at all.
    pixels = _window_sums(np.ones_like(levels))
    sums, squares = _window_sums(levels), _window_sums(levels * levels)
    deviations = np.sqrt(pixels * squares - sums * sums) / pixels
    return _scaled(levels, sums / pixels, np.maximum(deviations, deviations.mean()))


def _scaled(levels: NDArray[np.int64], mean: Any, deviation: Any) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = (levels - mean) / np.maximum(deviation, LEAST_DEVIATION)
    return MEAN + DEVIATION * scaled


def _window_sums(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sums over the window of `REACH` around each pixel, as far as it lies in the image."""
    for axis in (0, 1):
        sums = np.insert(values.cumsum(axis), 0, 0, axis)
        places = np.arange(values.shape[axis])
        stop = np.minimum(places + REACH + 1, len(places))
        start = np.maximum(places - REACH, 0)
        values = sums.take(stop, axis) - sums.take(start, axis)
    return values


_KINDS: Mapping[str, Callable[[NDArray[np.int64]], NDArray[np.float64]]] = MappingProxyType(
    {
        "standardised": _standardised,
        "equalised": _equalised,
        "local_contrast": _local_contrast,
    }
)
