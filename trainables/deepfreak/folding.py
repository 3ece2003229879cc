"""Batch normalisation folded into the convolution before it, for networks that only classify.

With running statistics it maps every value of a channel by the same factor and offset. Those of
the convolution's weights give the same map (within rounding) in one pass instead of two, and
oneDNN's convolutions are fastest with channels last (`python -m benchmarks.screening_variants`).
"""

import torch
from torch import Tensor, nn

from trainables.deepfreak.network import DeepFreakNetwork


def fold(network: DeepFreakNetwork) -> DeepFreakNetwork:
    """Fold a network of batch normalisation with running statistics, in place; return it.

    A layer whose folded weights would not be finite, as one of a vanished variance may have,
    stays as it is. The network is in evaluation mode for good.
    """
    network.eval()
    for parent in list(network.modules()):
        for name in list(parent._modules):
            follower = _normalisation_of(name)
            convolution, norm = getattr(parent, name), parent._modules.get(follower)
            if type(convolution) is nn.Conv2d and type(norm) is nn.BatchNorm2d:
                folded = _folded(convolution, norm)
                if folded is not None:
                    setattr(parent, name, folded)
                    setattr(parent, follower, nn.Identity())
    layout: DeepFreakNetwork = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return layout


def _normalisation_of(name: str) -> str:
    """The name of what follows: torchvision's conv1 has bn1, a projection's 0 has 1."""
    return name.replace("conv", "bn") if name.startswith("conv") else "1"


def _folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d | None:
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None
    assert variance is not None
    factor = norm.weight.double() / (variance.double() + norm.eps).sqrt()
    weight = (convolution.weight.double() * factor[:, None, None, None]).float()
    bias = (norm.bias.double() - mean.double() * factor).float()
    if not (_finite(weight) and _finite(bias)):
        return None
    with torch.device("meta"):
        made = nn.Conv2d(
            convolution.in_channels,
            convolution.out_channels,
            convolution.kernel_size,  # type: ignore[arg-type]
            convolution.stride,  # type: ignore[arg-type]
            convolution.padding,  # type: ignore[arg-type]
        )
    made.weight, made.bias = _constant(weight), _constant(bias)
    return made.eval()


def _constant(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values, requires_grad=False)


def _finite(values: Tensor) -> bool:
    return bool(values.isfinite().all())
