"""The floor against torch's own counters, and against the figures derived for a large GPU."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.deepfreak_floor import (
    EAGER,
    FUSED,
    Floor,
    Rates,
    floor_of,
    outputs,
    training_flop,
)
from trainables.deepfreak.geometry import geometry
from trainables.deepfreak.network import Bottleneck, ResNet
from trainables.deepfreak.topologies import TABLE_9, topology

PIXELS = (512, 512)
GPU = Rates(flop=788e12, memory=4.3e12)


@pytest.mark.parametrize("column", TABLE_9, ids=lambda column: column.name)
def test_outputs_are_those_of_the_network(column) -> None:
    with torch.device("meta"):
        network = ResNet(column, PIXELS, 5)
        image = torch.empty(1, 1, *PIXELS)
    counted = {nn.Conv2d: 0, Bottleneck: 0}

    def count(module: nn.Module, _: object, output: torch.Tensor) -> None:
        counted[type(module)] += output.numel()  # type: ignore[index]

    for module in network.modules():
        if type(module) in counted:
            module.register_forward_hook(count)
    network(image)
    found = outputs(column, geometry(column, PIXELS))
    assert found == (counted[nn.Conv2d], counted[Bottleneck])


@pytest.mark.parametrize("number", [8, 10])
def test_operations_are_those_that_torch_counts(number) -> None:
    column = topology(number)
    with torch.device("meta"):
        network = ResNet(column, PIXELS, 5)
        image = torch.empty(1, 1, *PIXELS)
    with FlopCounterMode(display=False) as counter:
        network(image).sum().backward()
    assert training_flop(column, geometry(column, PIXELS)) == counter.get_total_flops()


@pytest.mark.parametrize(
    ("number", "outputs_m", "gflop", "compute_s", "fused_s", "eager_s"),
    [
        (8, 50.3, 84.4, 1.07, 3.6, 5.4),
        (6, 58.1, 125.0, 1.58, 4.2, 6.2),
        (10, 7.3, 2.1, 0.03, 0.52, 0.78),
    ],
)
def test_the_floor_of_ten_thousand_images(
    number, outputs_m, gflop, compute_s, fused_s, eager_s
) -> None:
    """Derived figures, 2 bytes a value; each is given to its last printed digit."""
    column = topology(number)
    maps = geometry(column, PIXELS)
    fused = floor_of(column, maps, 2, FUSED)
    eager = floor_of(column, maps, 2, EAGER)
    assert outputs(column, maps)[0] / 1e6 == pytest.approx(outputs_m, abs=0.05)
    assert fused.flop / 1e9 == pytest.approx(gflop, rel=0.003, abs=0.06)
    assert 1e4 * fused.flop / GPU.flop == pytest.approx(compute_s, abs=0.011)
    assert 1e4 * fused.seconds(GPU) == pytest.approx(fused_s, rel=0.015)
    assert 1e4 * eager.seconds(GPU) == pytest.approx(eager_s, rel=0.015)
    assert fused.bound(GPU) == "memory"
    assert floor_of(column, maps, 4, FUSED).memory == 2 * fused.memory


def test_the_floor_is_the_slower_of_the_two() -> None:
    floor = Floor(flop=6e9, memory=2e9)
    assert floor.seconds(Rates(1e9, 1e9)) == 6
    assert floor.bound(Rates(1e9, 1e9)) == "compute"
    assert floor.seconds(Rates(1e12, 1e9)) == 2
    assert floor.bound(Rates(1e12, 1e9)) == "memory"
