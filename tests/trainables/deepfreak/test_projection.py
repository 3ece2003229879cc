"""The shortcut's strided convolution of few channels, which oneDNN's own gradient is wrong for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from trainables.deepfreak.activation import plain
from trainables.deepfreak.network import Projection

LARGE = """
import torch
from torch import nn
from trainables.deepfreak.activation import plain
from trainables.deepfreak.network import Projection
torch.set_num_threads(1)
for inputs, side in ((4, 64), (8, 128)):
    projection = Projection(inputs, 4 * inputs, 2, nn.BatchNorm2d, plain)
    projection = projection.to(memory_format=torch.channels_last)
    for count in (1, 3, 4):
        x = torch.randn(count, inputs, side, side).to(memory_format=torch.channels_last)
        for _ in range(3):
            projection(x.requires_grad_()).square().sum().backward()
"""
DEBUG = "/lib/x86_64-linux-gnu/libc_malloc_debug.so.0"


def test_large_maps_leave_the_heap_whole() -> None:
    # glibc looks for bytes beyond what was asked for, where it has a library for that; without
    # it damage ends the process sooner or later.
    checked = {"MALLOC_CHECK_": "3", "LD_PRELOAD": DEBUG} if Path(DEBUG).exists() else {}
    environment = {**os.environ, **checked, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", LARGE], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize(("inputs", "stride"), [(4, 2), (8, 3), (8, 1), (16, 2)])
def test_values_and_gradients_are_those_of_the_convolution(inputs, stride, layout) -> None:
    torch.manual_seed(inputs)
    projection = Projection(inputs, 4 * inputs, stride, Identity, plain)
    x = torch.randn(3, inputs, 11, 10)

    def gradients(module, images: Tensor) -> list[Tensor]:
        images = images.detach().requires_grad_()
        module.zero_grad()
        y = module(images)
        y.square().sum().backward()
        return [y.detach(), images.grad, module[0].weight.grad.clone()]

    found = gradients(projection.to(memory_format=layout), x.to(memory_format=layout))
    reference = nn.Sequential(projection[0]).double()
    for ours, exact in zip(found, gradients(reference, x.double()), strict=True):
        torch.testing.assert_close(ours.double(), exact, rtol=1e-5, atol=1e-5)


class Identity(nn.Identity):
    """No normalisation, whatever the channels."""

    def __init__(self, _: int) -> None:
        super().__init__()
