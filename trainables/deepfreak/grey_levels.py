"""Normalised grey levels of a batch of images, on whatever device it lies."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from trainables.grey_levels import DEVIATION, LEAST_DEVIATION, MEAN, REACH, GreyLevels

WHITE = 255


def normalise(images: Tensor, kind: GreyLevels) -> Tensor:
    """Normalise each image by itself; see `trainables.grey_levels`.

    Args:
        images: (n, 1, h, w) float32 grey levels in 0..255.
        kind: any but `none`.

    Returns:
        (n, 1, h, w) float32 in 0..255, not rounded.
    """
    return _KINDS[kind](images).clamp(0, WHITE)


def _standardised(images: Tensor) -> Tensor:
    variance, mean = torch.var_mean(images, dim=(2, 3), correction=0, keepdim=True)
    return _scaled(images - mean, variance.sqrt())


def _equalised(images: Tensor) -> Tensor:
    # Augmented images have levels between the whole ones.
    levels = images.round().clamp(0, WHITE).to(torch.int64).flatten(1)
    counts = torch.zeros(len(levels), WHITE + 1, dtype=torch.int64, device=images.device)
    counts.scatter_add_(1, levels, torch.ones_like(levels))
    middles = 2 * counts.cumsum(1) - counts
    ranks = middles.gather(1, levels).float() / (2 * levels.shape[1])
    return WHITE * ranks.view(images.shape)


def _local_contrast(images: Tensor) -> Tensor:
    # Around the image's mean: squares of what is left lose fewer digits.
    levels = images - images.mean(dim=(2, 3), keepdim=True)
    means = _window_means(levels)
    deviations = (_window_means(levels * levels) - means * means).clamp_min(0).sqrt()
    least = deviations.mean(dim=(2, 3), keepdim=True)
    return _scaled(levels - means, torch.maximum(deviations, least))


def _scaled(deviating: Tensor, deviation: Tensor) -> Tensor:
    return MEAN + DEVIATION * deviating / deviation.clamp_min(LEAST_DEVIATION)


def _window_means(images: Tensor) -> Tensor:
    # Products with banded matrices: several times faster here than average pooling.
    rows, columns = (_windows(side, images.device) for side in images.shape[2:])
    means: Tensor = rows @ images @ columns.T
    return means


def _windows(side: int, device: torch.device) -> Tensor:
    """Weights (side, side): row i is the mean over `REACH` places to either side of place i."""
    places = torch.arange(side, device=device)
    near = ((places[:, None] - places).abs() <= REACH).float()
    return near / near.sum(1, keepdim=True)


_KINDS: Mapping[GreyLevels, Callable[[Tensor], Tensor]] = MappingProxyType(
    {
        "standardised": _standardised,
        "equalised": _equalised,
        "local_contrast": _local_contrast,
    }
)
