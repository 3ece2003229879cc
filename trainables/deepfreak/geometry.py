"""The arithmetic of one topology: map sizes, pool kernels, parameters and multiplications.

Everything here follows from integers alone, so that a topology can be refused, priced or
printed before any network exists.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

Pool = Literal["strict", "scaled"]
Shape = tuple[int, int]

EXPANSION = 4  # output channels of a bottleneck per inner channel (ResNet-50)
REFERENCE_SHAPE: Shape = (512, 512)  # the image size Table 9's pool sizes were chosen for
LARGEST_IMAGE = 4096  # where the search for the smallest fitting image gives up


@dataclass(frozen=True)
class Topology:
    """One column of Table 9, and the number of bottlenecks in each of the four stages."""

    number: int
    filters: int
    second_pool_size: int
    second_pool_stride: int
    block_strides: tuple[int, int, int, int]
    first_convolution_size: int = 7
    first_convolution_stride: int = 2
    first_pool_size: int = 3
    first_pool_stride: int = 2
    blocks: tuple[int, int, int, int] = (3, 4, 6, 3)

    @property
    def name(self) -> str:
        """The column's heading in Table 9."""
        return str(self.number) if self.number else "default"

    def resized(self, width: float, blocks: tuple[int, int, int, int]) -> "Topology":
        """The same down-sampling with other filter and bottleneck counts.

        Args:
            width: multiplier of the number of filters; at least four filters are kept.
            blocks: bottlenecks per stage.
        """
        return replace(self, filters=max(4, round(self.filters * width)), blocks=blocks)


@dataclass(frozen=True)
class Geometry:
    """What one topology makes of one image size. Shapes are (rows, columns) in pixels."""

    first_convolution: Shape
    first_pool: Shape
    stages: tuple[Shape, Shape, Shape, Shape]
    second_pool_kernel: Shape
    second_pool: Shape
    features: int
    """Length of the flattened vector before the final linear layer."""
    parameters: int
    macs: int
    """Multiply-accumulates of one image's forward pass (convolutions and linear layer)."""

    @property
    def single_value(self) -> bool:
        """Whether one image gives one value per channel, which batch statistics cannot use."""
        return self.stages[-1] == (1, 1)


def geometry(
    topology: Topology, image_shape: Shape, pool: Pool = "strict", classes: int = 5
) -> Geometry:
    """Compute the maps, parameters and multiplications of a topology.

    Args:
        topology: the column of Table 9.
        image_shape: (rows, columns) of an image.
        pool: `strict` takes the second pool's size literally; `scaled` shrinks (or grows) it with
            the map it acts on, relative to 512 × 512 images, and leaves its stride.
        classes: outputs of the linear layer.

    Raises:
        ValueError: the second pool is larger than the map before it.
    """
    first_convolution, first_pool, stages = _maps(topology, image_shape)
    kernel = _second_pool_kernel(topology, stages[-1], pool)
    if not _within(kernel, stages[-1]):
        raise ValueError(
            f"topology {topology.name} does not fit {_text(image_shape)} images: its second pool "
            f"({topology.second_pool_size}) is larger than the last map ({_text(stages[-1])}); "
            f"use images of at least {smallest_image(topology)} pixels a side, or pool: scaled"
        )
    second_pool = _each(stages[-1], kernel, topology.second_pool_stride)
    channels = topology.filters * 2**3 * EXPANSION
    features = channels * second_pool[0] * second_pool[1]
    parameters, macs = _cost(topology, first_convolution, (first_pool, *stages))
    return Geometry(
        first_convolution=first_convolution,
        first_pool=first_pool,
        stages=stages,
        second_pool_kernel=kernel,
        second_pool=second_pool,
        features=features,
        parameters=parameters + (features + 1) * classes,
        macs=macs + features * classes,
    )


def smallest_image(topology: Topology) -> int:
    """The side of the smallest square image that fits the topology with a strict pool.

    Raises:
        ValueError: there is none up to 4,096 pixels a side.
    """
    for side in range(1, LARGEST_IMAGE + 1):
        _, _, stages = _maps(topology, (side, side))
        if topology.second_pool_size <= stages[-1][0]:
            return side
    raise ValueError(f"topology {topology.name} fits no image up to {LARGEST_IMAGE} pixels a side")


def _maps(
    topology: Topology, image_shape: Shape
) -> tuple[Shape, Shape, tuple[Shape, Shape, Shape, Shape]]:
    size, pool_size = topology.first_convolution_size, topology.first_pool_size
    convolved = _each(image_shape, (size, size), topology.first_convolution_stride, size // 2)
    pooled = _each(
        convolved, (pool_size, pool_size), topology.first_pool_stride, (pool_size - 1) // 2
    )
    one, two, three, four = topology.block_strides
    first = _each(pooled, (3, 3), one, 1)
    second = _each(first, (3, 3), two, 1)
    third = _each(second, (3, 3), three, 1)
    return convolved, pooled, (first, second, third, _each(third, (3, 3), four, 1))


def _second_pool_kernel(topology: Topology, last_map: Shape, pool: Pool) -> Shape:
    size = topology.second_pool_size
    if pool == "strict":
        return size, size
    _, _, (*_, reference) = _maps(topology, REFERENCE_SHAPE)
    rows, columns = (
        # Integer rounding, half up: Python's round() would send halves to the even neighbour.
        min(max((2 * size * side + full) // (2 * full), 1), side)
        for side, full in zip(last_map, reference, strict=True)
    )
    return rows, columns


def _cost(topology: Topology, convolved: Shape, maps: tuple[Shape, ...]) -> tuple[int, int]:
    """Parameters and multiply-accumulates of all layers but the linear one."""
    kernel = topology.first_convolution_size**2
    parameters = topology.filters * (kernel + 2)
    macs = topology.filters * kernel * _area(convolved)
    inputs = topology.filters
    for stage, (before, after) in enumerate(pairwise(maps)):
        inner = topology.filters * 2**stage
        outputs = inner * EXPANSION
        for block in range(topology.blocks[stage]):
            weights_after = 9 * inner * inner + inner * outputs
            if block == 0 and (topology.block_strides[stage] != 1 or inputs != outputs):
                weights_after += inputs * outputs
                parameters += 2 * outputs
            # The stride sits on the 3 × 3 convolution, so the 1 × 1 before it sees the larger map.
            area_before = _area(before if block == 0 else after)
            macs += inputs * inner * area_before + weights_after * _area(after)
            parameters += inputs * inner + weights_after + 2 * (inner + inner + outputs)
            inputs = outputs
    return parameters, macs


def _each(shape: Shape, kernel: Shape, stride: int, padding: int = 0) -> Shape:
    rows, columns = (
        (side + 2 * padding - size) // stride + 1 for side, size in zip(shape, kernel, strict=True)
    )
    return rows, columns


def _within(kernel: Shape, shape: Shape) -> bool:
    return kernel[0] <= shape[0] and kernel[1] <= shape[1]


def _area(shape: Shape) -> int:
    return shape[0] * shape[1]


def _text(shape: Shape) -> str:
    return f"{shape[0]} × {shape[1]}"
