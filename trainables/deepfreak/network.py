"""The network: torchvision's ResNet-50 (He et al. 2016) with Table 9's adjustments.

Layer names and order are torchvision's, so the two can be read (and their weights compared) side
by side; what they call bn may here be another normalisation. Nothing here draws from torch's global
generator.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainables.deepfreak.activation import Activation, plain
from trainables.deepfreak.geometry import EXPANSION, Pool, Shape, Topology, geometry
from trainables.deepfreak.grey_levels import normalise
from trainables.deepfreak.normalisation import Norm
from trainables.deepfreak.options import Precision
from trainables.grey_levels import GreyLevels

FEW_CHANNELS = 16
"""Of a strided 1 × 1 convolution of so many or more, oneDNN's gradient can be trusted. Of fewer,
on processors with AVX-512 and with channels last, it writes beyond its memory where maps are large
(torch 2.13: 8 channels from 96 × 96 on, 4 from 64 × 64)."""


class Projection(nn.Sequential):
    """A 1 × 1 convolution and its normalisation: the shortcut where shapes change."""

    def __init__(
        self, inputs: int, outputs: int, stride: int, norm: Norm, activation: Activation
    ) -> None:
        super().__init__(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), norm(outputs))
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        convolution, norm = self
        return self.activation(norm, _projected(convolution, x), rectified=False)


def _projected(convolution: nn.Module, x: Tensor) -> Tensor:
    assert isinstance(convolution, nn.Conv2d)
    rows, columns = convolution.stride
    few = rows * columns > 1 and convolution.in_channels < FEW_CHANNELS
    if few and x.device.type == "cpu" and _is_channels_last(x):
        # The values that the stride reaches, with which a convolution of stride 1 does the same.
        x = x[:, :, ::rows, ::columns].contiguous(memory_format=torch.channels_last)
        return functional.conv2d(x, convolution.weight, convolution.bias)
    y: Tensor = convolution(x)
    return y


def _is_channels_last(x: Tensor) -> bool:
    return x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


class Bottleneck(nn.Module):
    """1 × 1, 3 × 3 and 1 × 1 convolutions around an identity (or projected) shortcut."""

    activation: Activation = staticmethod(plain)  # of networks that were pickled before it

    def __init__(
        self,
        inputs: int,
        inner: int,
        stride: int,
        norm: Norm = nn.BatchNorm2d,
        activation: Activation = plain,
    ) -> None:
        super().__init__()
        outputs = inner * EXPANSION
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn1 = norm(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride=stride, padding=1, bias=False)
        self.bn2 = norm(inner)
        self.conv3 = nn.Conv2d(inner, outputs, 1, bias=False)
        self.bn3 = norm(outputs)
        self.activation = activation
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = Projection(inputs, outputs, stride, norm, activation)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, 4 × inner, h / stride, w / stride)."""
        y = self.activation(self.bn1, self.conv1(x))
        y = self.activation(self.bn2, self.conv2(y))
        return self.activation(self.bn3, self.conv3(y), self.downsample(x))


class ResNet(nn.Module):
    """One topology for one image size: (n, 1, h, w) normalised images to (n, classes) logits."""

    activation: Activation = staticmethod(plain)  # of networks that were pickled before it

    def __init__(
        self,
        topology: Topology,
        image_shape: Shape,
        classes: int,
        pool: Pool = "strict",
        norm: Norm = nn.BatchNorm2d,
        activation: Activation = plain,
    ) -> None:
        super().__init__()
        shape = geometry(topology, image_shape, pool, classes)
        filters, size = topology.filters, topology.first_convolution_size
        self.conv1 = nn.Conv2d(
            1, filters, size, topology.first_convolution_stride, padding=size // 2, bias=False
        )
        self.bn1 = norm(filters)
        self.activation = activation
        self.maxpool = nn.MaxPool2d(
            topology.first_pool_size,
            topology.first_pool_stride,
            padding=(topology.first_pool_size - 1) // 2,
        )
        self.layer1 = _stage(topology, 0, norm, activation)
        self.layer2 = _stage(topology, 1, norm, activation)
        self.layer3 = _stage(topology, 2, norm, activation)
        self.layer4 = _stage(topology, 3, norm, activation)
        self.avgpool = nn.AvgPool2d(shape.second_pool_kernel, topology.second_pool_stride)
        self.fc = nn.Linear(shape.features, classes)
        outputs = (filters * 2**stage * EXPANSION for stage in range(4))
        self.largest_map: int = max(
            filters * math.prod(shape.first_convolution),
            *(
                channels * math.prod(side)
                for channels, side in zip(outputs, shape.stages, strict=True)
            ),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, 1, h, w) normalised images to (n, classes) logits."""
        x = self.maxpool(self.activation(self.bn1, self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        logits: Tensor = self.fc(self.avgpool(x).flatten(1))
        return logits


def _stage(topology: Topology, stage: int, norm: Norm, activation: Activation) -> nn.Sequential:
    inner = topology.filters * 2**stage
    inputs = topology.filters if stage == 0 else inner // 2 * EXPANSION
    first = Bottleneck(inputs, inner, topology.block_strides[stage], norm, activation)
    repeated = range(topology.blocks[stage] - 1)
    others = (Bottleneck(inner * EXPANSION, inner, 1, norm, activation) for _ in repeated)
    return nn.Sequential(first, *others)


class DeepFreakNetwork(nn.Module):
    """Normalisation and ResNet in one module: raw grey levels to logits.

    Images are rescaled to [0, 1] and the training images' mean is subtracted (paper §4.3).
    """

    mean: Tensor
    _grey_levels: GreyLevels = "none"  # of networks that were pickled before there was a choice

    def __init__(
        self,
        resnet: ResNet,
        mean: Tensor,
        precision: Precision = "float32",
        grey_levels: GreyLevels = "none",
    ) -> None:
        """Wrap a ResNet.

        Args:
            resnet: the network for normalised images.
            mean: () or (h, w) float32, the mean of the training images in [0, 1], their grey levels
                normalised.
            precision: of convolutions and products; see `options.Options`.
            grey_levels: how each image's are normalised first; see `trainables.grey_levels`.
        """
        super().__init__()
        self.resnet = resnet
        self._grey_levels = grey_levels
        self._is_mixed = precision == "bfloat16"
        self.register_buffer("mean", mean)

    @property
    def largest_map(self) -> int:
        """Values of one image's largest map, all channels together."""
        return self.resnet.largest_map

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, h, w) or (n, 1, h, w) grey levels in 0..255, of any type, to (n, k) logits."""
        if images.ndim == 3:
            images = images.unsqueeze(1)
        levels = images.float()
        if self._grey_levels != "none":
            levels = normalise(levels, self._grey_levels)
        normalised = levels.div(255).sub(self.mean)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self._is_mixed):
            logits: Tensor = self.resnet(normalised)
        return logits.float()


def build(
    topology: Topology,
    image_shape: Shape,
    classes: int,
    pool: Pool,
    mean: Tensor,
    generator: torch.Generator,
    norm: Norm = nn.BatchNorm2d,
    precision: Precision = "float32",
    activation: Activation = plain,
    grey_levels: GreyLevels = "none",
) -> DeepFreakNetwork:
    """Make an initialised network on the CPU; equal generators give equal weights.

    Raises:
        ValueError: the topology does not fit the images.
    """
    with torch.device("meta"):  # allocates nothing and draws nothing
        resnet = ResNet(topology, image_shape, classes, pool, norm, activation)
    resnet.to_empty(device="cpu")
    initialise(resnet, generator)
    return DeepFreakNetwork(resnet, mean, precision, grey_levels)


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Set weights as torchvision's ResNet does, drawing from the given generator only."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(
                module.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
        elif isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
        elif isinstance(module, nn.Linear):
            # nn.Linear's own default, which takes no generator.
            bound = 1 / math.sqrt(module.in_features)
            nn.init.uniform_(module.weight, -bound, bound, generator=generator)
            nn.init.uniform_(module.bias, -bound, bound, generator=generator)
