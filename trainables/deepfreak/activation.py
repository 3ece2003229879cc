"""Normalisation, shortcut and ReLU: what follows each convolution, together or one by one.

On a CPU, torch runs them one by one, each over the whole map, and its batch normalisation does
not use the processor's vectors where a map has few channels. Together they took a third of a step
of the topologies of 8 and 16 filters; fused they are one function of two passes each way.
"""

import math
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional


class Activation(Protocol):
    """What follows a convolution; maps are (n, channels, h, w)."""

    def __call__(
        self, norm: nn.Module, x: Tensor, shortcut: Tensor | None = None, rectified: bool = True
    ) -> Tensor:
        """norm(x), plus the shortcut if there is one, through a ReLU if `rectified`."""


FEWEST_VALUES = 2**14
"""Smaller maps are left to torch: calling the kernels from Python costs more than they save."""
LANES = 64
"""Values that the kernels take side by side, so that maps of few channels fill vectors too."""


def plain(
    norm: nn.Module, x: Tensor, shortcut: Tensor | None = None, rectified: bool = True
) -> Tensor:
    """Torch's own functions, one by one."""
    y: Tensor = norm(x)
    if shortcut is not None:
        y = y.add_(shortcut)  # its layer does not need it again
    return functional.relu_(y) if rectified else y


def fused(
    norm: nn.Module, x: Tensor, shortcut: Tensor | None = None, rectified: bool = True
) -> Tensor:
    """The same within rounding, for batch normalisation that trains on a CPU; else `plain`.

    Statistics are summed in blocks in float32, and the blocks in float64, always in one order:
    equal inputs give equal bits.
    """
    if not (isinstance(norm, nn.BatchNorm2d) and norm.training and _fits(x)):
        return plain(norm, x, shortcut, rectified)
    if shortcut is not None and not _fits(shortcut):
        return plain(norm, x, shortcut, rectified)
    result: Tensor = _FusedBatchNorm.apply(  # type: ignore[no-untyped-call]
        x, shortcut, norm.weight, norm.bias, norm, rectified
    )
    return result


def _fits(x: Tensor) -> bool:
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and x.numel() >= FEWEST_VALUES
        and x.numel() > x.shape[1]  # one value per channel has no variance; torch says so
        and x.is_contiguous(memory_format=torch.channels_last)
    )


def _rows(x: Tensor) -> tuple[int, int]:
    """The map as so many rows of so many values; a row holds whole pixels."""
    channels = x.shape[1]
    pixels = x.numel() // channels
    together = max(1, LANES // channels)
    if pixels % together:
        together = 1
    return pixels // together, channels * together


class _FusedBatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        shortcut: Tensor | None,
        weight: Tensor,
        bias: Tensor,
        norm: Any,
        rectified: bool,
    ) -> Tensor:
        # Compiled (or read from numba's cache) where first used: a search on GPUs never needs it.
        from trainables.deepfreak import activation_kernels as kernels

        rows, width = _rows(x)
        channels = x.shape[1]
        y = torch.empty_like(x)
        mean, inverse = x.new_empty(channels), x.new_empty(channels)
        least = 0.0 if rectified else -math.inf
        norm.num_batches_tracked.add_(1)
        kernels.FORWARD(
            x.data_ptr(),
            x.data_ptr() if shortcut is None else shortcut.data_ptr(),
            shortcut is not None,
            rows,
            width,
            channels,
            weight.data_ptr(),
            bias.data_ptr(),
            norm.running_mean.data_ptr(),
            norm.running_var.data_ptr(),
            norm.momentum,
            norm.eps,
            least,
            y.data_ptr(),
            mean.data_ptr(),
            inverse.data_ptr(),
        )
        ctx.save_for_backward(x, y, weight, mean, inverse)
        ctx.has_shortcut, ctx.least = shortcut is not None, least
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        from trainables.deepfreak import activation_kernels as kernels

        x, y, weight, mean, inverse = ctx.saved_tensors
        gradient = gradients[0].contiguous(memory_format=torch.channels_last)
        has_shortcut: bool = ctx.has_shortcut
        rows, width = _rows(x)
        of_x = torch.empty_like(x)
        of_shortcut = torch.empty_like(x) if has_shortcut else None
        of_weight, of_bias = torch.empty_like(weight), torch.empty_like(weight)
        kernels.BACKWARD(
            gradient.data_ptr(),
            y.data_ptr(),
            x.data_ptr(),
            of_x.data_ptr() if of_shortcut is None else of_shortcut.data_ptr(),
            has_shortcut,
            rows,
            width,
            x.shape[1],
            weight.data_ptr(),
            mean.data_ptr(),
            inverse.data_ptr(),
            ctx.least,
            of_x.data_ptr(),
            of_weight.data_ptr(),
            of_bias.data_ptr(),
        )
        return of_x, of_shortcut, of_weight, of_bias, None, None
