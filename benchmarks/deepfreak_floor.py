"""The least time in which a training image can be done: its multiplications and its memory traffic.

Multiplications: forward, and backward to weights and to inputs, at two floating-point operations
each. Traffic: every output of a convolution is written once and passes a number of times between
memory and processor on the way through batch normalisation, ReLU and the backward pass; each
block's output does so a few times more for the sum with the shortcut. Weights, gradients and
momentum are left out, so batches of a few images have less of a floor here than in truth. What
fits a cache need not go to memory: a small batch of small images can beat the traffic's floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from trainables.deepfreak.geometry import EXPANSION, Geometry, Shape, Topology

ELEMENT_BYTES = {"float32": 4, "bfloat16": 2}


@dataclass(frozen=True)
class Passes:
    """How often a value goes to or from memory in one training step."""

    convolution: int
    block: int


FUSED = Passes(14, 3)
"""Normalisation, ReLU and sum in one kernel: what a compiler can reach."""
EAGER = Passes(20, 6)
"""Each operation a kernel of its own."""


@dataclass(frozen=True)
class Rates:
    """What a machine can do: FLOP/s of a matrix product, bytes/s of a copy (read and written)."""

    flop: float
    memory: float


@dataclass(frozen=True)
class Floor:
    """Floating-point operations and bytes of memory traffic of one training image."""

    flop: float
    memory: float

    def seconds(self, rates: Rates) -> float:
        """The larger of the two times: at best they overlap entirely."""
        return max(self.flop / rates.flop, self.memory / rates.memory)

    def bound(self, rates: Rates) -> str:
        """Which of the two is the larger: `compute` or `memory`."""
        compute = self.flop / rates.flop >= self.memory / rates.memory
        return "compute" if compute else "memory"


def floor_of(
    topology: Topology, maps: Geometry, element_bytes: int = 4, passes: Passes = FUSED
) -> Floor:
    """The floor of one image in training."""
    convolutions, blocks = outputs(topology, maps)
    values = passes.convolution * convolutions + passes.block * blocks
    return Floor(training_flop(topology, maps), element_bytes * values)


def training_flop(topology: Topology, maps: Geometry) -> int:
    """Three times the forward pass, but for the gradient of the image, which nobody needs."""
    rows, columns = maps.first_convolution
    first = topology.filters * topology.first_convolution_size**2 * rows * columns
    return 2 * (3 * maps.macs - first)


def outputs(topology: Topology, maps: Geometry) -> tuple[int, int]:
    """Values in one image's outputs: of all convolutions, and of the blocks alone."""
    convolutions, blocks = topology.filters * _area(maps.first_convolution), 0
    inputs = topology.filters
    for stage, (before, after) in enumerate(pairwise((maps.first_pool, *maps.stages))):
        inner = topology.filters * 2**stage
        outer = inner * EXPANSION
        count = topology.blocks[stage]
        projected = topology.block_strides[stage] != 1 or inputs != outer
        # The stride sits on the second convolution: the first block's first keeps the larger map.
        convolutions += inner * (_area(before) + (count - 1) * _area(after))
        convolutions += (count * (inner + outer) + projected * outer) * _area(after)
        blocks += count * outer * _area(after)
        inputs = outer
    return convolutions, blocks


def _area(shape: Shape) -> int:
    return shape[0] * shape[1]
