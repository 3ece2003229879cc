"""A folded network is the network that was trained, within rounding."""

import copy

import pytest
import torch
from torch import nn

from trainables.deepfreak import loop
from trainables.deepfreak.folding import fold
from trainables.deepfreak.images import DeviceImages
from trainables.deepfreak.network import DeepFreakNetwork, build
from trainables.deepfreak.normalisation import norm_layer
from trainables.deepfreak.topologies import topology

SIDE = 64


def trained(number=10, normalisation="batch", evaluation="running") -> DeepFreakNetwork:
    """A narrow network whose statistics and affine parameters are no longer the initial ones."""
    generator = torch.Generator().manual_seed(number)
    network = build(
        topology(number).resized(0.5, (2, 1, 1, 1)),
        (SIDE, SIDE),
        5,
        "scaled",
        torch.full((SIDE, SIDE), 0.1),
        generator,
        norm_layer(normalisation, evaluation),
    )
    network.train()
    for _ in range(3):
        network(torch.randint(0, 255, (4, SIDE, SIDE), generator=generator))
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.weight.uniform_(-2, 2, generator=generator)
                layer.bias.uniform_(-1, 1, generator=generator)
    return network.requires_grad_(False).eval()


def images(count=6):
    return torch.randint(0, 255, (count, SIDE, SIDE), generator=torch.Generator().manual_seed(1))


def normalisations(network) -> int:
    return sum(isinstance(layer, nn.BatchNorm2d) for layer in network.modules())


@pytest.mark.parametrize("number", [1, 3, 8, 10])
def test_logits_are_the_same_within_rounding(number):
    network = trained(number)
    folded = fold(copy.deepcopy(network))
    assert normalisations(network) > normalisations(folded) == 0
    expected = network(images())
    torch.testing.assert_close(folded(images()), expected, rtol=0, atol=1e-5 * expected.abs().max())


@pytest.mark.parametrize(
    ("normalisation", "evaluation"), [("batch", "image"), ("batch", "target"), ("group", "running")]
)
def test_statistics_of_the_image_itself_are_not_folded(normalisation, evaluation):
    network = trained(10, normalisation, evaluation)
    folded = fold(copy.deepcopy(network))
    assert [type(layer) for layer in folded.modules()] == [
        type(layer) for layer in network.modules()
    ]


def test_what_would_not_be_finite_stays():
    network = trained()
    network.resnet.bn1.eps = 0.0
    network.resnet.bn1.running_var.zero_()
    folded = fold(network)
    assert isinstance(folded.resnet.bn1, nn.BatchNorm2d)
    assert normalisations(folded) == 1


def test_large_maps_are_classified_few_at_a_time(monkeypatch):
    network, seen = trained(), []
    frames = DeviceImages(images(60).byte().numpy(), torch.device("cpu"))
    whole = loop.predict(network, frames, 64)
    network.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))
    parameters = sum(values.numel() for values in network.parameters())
    monkeypatch.setattr(loop, "CACHE_VALUES", parameters)
    few = loop.predict(network, frames, 64)
    fitting = loop.CACHE_VALUES // network.largest_map
    assert max(seen) == fitting < 60
    assert sum(seen) == len(frames)
    assert abs(few - whole).max() < 1e-6
