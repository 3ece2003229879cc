"""What follows each convolution: batch or group normalisation, and how the former evaluates.

The paper trains with batch normalisation (Ioffe & Szegedy 2015) and evaluates with its running
statistics. Those are poor after training with one or two images a batch, and those of simulated
images are wrong for darker real ones; the other choices here are the known cures.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Normalisation = Literal["batch", "group"]
EvaluationStatistics = Literal["running", "image", "target"]
Norm = Callable[[int], nn.Module]

MOST_GROUPS = 32  # Wu & He 2018
FEWEST_CHANNELS = 4  # in a group: below, Wu & He's accuracy falls (their Table 3)
STATISTICS_VALUES = 2**27  # of the largest map of a batch of `target`: 512 MiB in float32


def norm_layer(kind: Normalisation, evaluation: EvaluationStatistics) -> Norm:
    """The layer's constructor, by its number of channels.

    Args:
        kind: `batch` (the paper) or `group` (Wu & He 2018), which never looks at other images.
        evaluation: what batch normalisation evaluates with. `running`: the averages of training
            (the paper). `image`: each image's own statistics, as in training with one image a
            batch; Singh & Shrivastava 2019 (EvalNorm) correct the same mismatch. `target`: those
            of all images that are classified together, without labels (AdaBN, Li et al. 2016;
            prediction-time batch normalisation, Nado et al. 2020). Training is the same in all.
    """
    if kind == "group":
        return lambda channels: nn.GroupNorm(groups(channels), channels)
    return {"running": nn.BatchNorm2d, "image": ImageBatchNorm, "target": TargetBatchNorm}[
        evaluation
    ]


def groups(channels: int) -> int:
    """The largest divisor of `channels` that is at most 32 and leaves four channels a group.

    It is Wu & He's 32 from 128 channels on, 16 of 64, 2 of 8, and 1 where nothing else divides.
    """
    return max(
        number
        for number in range(1, MOST_GROUPS + 1)
        if channels % number == 0 and (number == 1 or channels // number >= FEWEST_CHANNELS)
    )


class Moments:
    """Mean and variance of several batches from those of each, (channels,) float64."""

    def __init__(self) -> None:
        self._values = 0
        self._sum = self._squares = torch.zeros((), dtype=torch.float64)

    def add(self, values: int, mean: Tensor, variance: Tensor) -> None:
        """Take a batch of so many values per channel; `mean` and `variance` are (channels,)."""
        mean, variance = mean.double(), variance.double()
        self._values += values
        self._sum = self._sum + values * mean
        self._squares = self._squares + values * (variance + mean * mean)

    def mean_and_variance(self) -> tuple[Tensor, Tensor]:
        """Those of all values together, (channels,) float32."""
        mean = self._sum / self._values
        variance = (self._squares / self._values - mean * mean).clamp_min(0)
        return mean.float(), variance.float()


class ImageBatchNorm(nn.BatchNorm2d):
    """Batch normalisation that evaluates every image with the statistics of its own map."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (n, channels, h, w); in evaluation the map must have more than one value."""
        if self.training:
            return super().forward(x)
        return functional.instance_norm(x, weight=self.weight, bias=self.bias, eps=self.eps)


class TargetBatchNorm(nn.BatchNorm2d):
    """Batch normalisation that evaluates with the statistics of the images it classifies.

    Those are the batch at hand's, or within `estimated_statistics` the ones estimated there. The
    running statistics are neither used nor changed in evaluation.
    """

    _moments: Moments | None = None
    _fixed: tuple[Tensor, Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (n, channels, h, w)."""
        if self.training:
            return super().forward(x)
        if self._fixed is None:
            variance, mean = torch.var_mean(x.float(), dim=(0, 2, 3), correction=0)
            if self._moments is not None:
                self._moments.add(x.numel() // x.shape[1], mean, variance)
        else:
            mean, variance = self._fixed
        return functional.batch_norm(x, mean, variance, self.weight, self.bias, eps=self.eps)

    def begin(self) -> None:
        """Forget what was estimated and note the statistics of every batch from now on."""
        self._moments, self._fixed = Moments(), None

    def fix(self) -> None:
        """Use the statistics of all batches since `begin`."""
        if self._moments is not None:
            self._fixed = self._moments.mean_and_variance()
        self._moments = None

    def release(self) -> None:
        """Use the statistics of each batch again."""
        self._moments = self._fixed = None


@contextmanager
def estimated_statistics(network: nn.Module, batches: Iterable[Tensor]) -> Iterator[None]:
    """Estimate the `target` layers' statistics from the batches, and use them within.

    One pass. Each layer's statistics are pooled over the batches, so that one batch gives exactly
    the statistics of its images; with several, a layer's inputs were normalised batch by batch.
    Without `target` layers no batch is asked for.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, TargetBatchNorm)]
    try:
        for layer in layers:
            layer.begin()
        if layers:
            for batch in batches:
                network(batch)
        for layer in layers:
            layer.fix()
        yield
    finally:
        for layer in layers:
            layer.release()


def statistics_bounds(images: int, values: int) -> list[tuple[int, int]]:
    """Cut images into the fewest batches that are small enough, of nearly equal lengths.

    They depend on nothing but the images and the network, so that validation and a loaded model
    estimate the same.

    Args:
        images: how many there are, at least 1.
        values: of an image's largest map.
    """
    pieces = -(-images // max(1, STATISTICS_VALUES // values))
    edges = [images * piece // pieces for piece in range(pieces + 1)]
    return list(pairwise(edges))
