import math

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from trainables.deepfreak.geometry import geometry
from trainables.deepfreak.network import DeepFreakNetwork, ResNet, build
from trainables.deepfreak.topologies import topology


def parameters(module: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


@pytest.mark.parametrize(
    ("number", "side", "pool"),
    [(number, 512, "strict") for number in range(14)]
    + [(number, 100, "scaled") for number in (0, 4, 8, 11)],
)
def test_network_is_what_the_geometry_says(number: int, side: int, pool: str) -> None:
    column = topology(number)
    expected = geometry(column, (side, side), pool)
    with torch.device("meta"):
        network = ResNet(column, (side, side), 5, pool)
        image = torch.empty(1, 1, side, side)
    seen = {}
    for name in ("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool"):
        network.get_submodule(name).register_forward_hook(
            lambda *call, name=name: seen.update({name: tuple(call[-1].shape[2:])})
        )
    with FlopCounterMode(display=False) as counter:
        logits = network.eval()(image)
    assert logits.shape == (1, 5)
    assert parameters(network) == expected.parameters
    assert counter.get_total_flops() == 2 * expected.macs
    assert seen["conv1"] == expected.first_convolution
    assert seen["maxpool"] == expected.first_pool
    assert tuple(seen[f"layer{stage}"] for stage in range(1, 5)) == expected.stages
    assert seen["avgpool"] == expected.second_pool


def test_default_is_the_published_resnet_50() -> None:
    # torchvision 0.20: 25,557,032 parameters and 320 entries, with three input channels.
    with torch.device("meta"):
        network = ResNet(topology(0), (224, 224), 1000)
    assert parameters(network) + 2 * 64 * 7 * 7 == 25_557_032
    assert len(network.state_dict()) == 320
    assert network.state_dict()["layer4.0.downsample.0.weight"].shape == (2048, 1024, 1, 1)


def small(seed: int) -> DeepFreakNetwork:
    generator = torch.Generator().manual_seed(seed)
    column = topology(10).resized(1.0, (1, 1, 1, 1))
    return build(column, (64, 64), 5, "scaled", torch.zeros(64, 64), generator)


def test_initialisation_is_torchvisions_and_a_function_of_its_generator() -> None:
    network = small(0)
    weight = network.resnet.get_parameter("layer4.0.conv2.weight")
    assert weight.std().item() == pytest.approx(math.sqrt(2 / (64 * 9)), rel=0.05)
    assert network.resnet.fc.weight.abs().max().item() <= 1 / math.sqrt(
        network.resnet.fc.in_features
    )
    assert torch.equal(network.resnet.get_buffer("layer1.0.bn1.running_var"), torch.ones(8))
    same, other = small(0).state_dict(), small(1).state_dict()
    assert all(torch.equal(value, same[name]) for name, value in network.state_dict().items())
    assert not torch.equal(weight, other["resnet.layer4.0.conv2.weight"])


def test_building_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    small(0)
    assert torch.equal(before, torch.get_rng_state())


def test_takes_grey_levels_of_any_type_with_or_without_channel() -> None:
    network = small(0).eval()
    network.mean.fill_(0.1)
    images = torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8)
    expected = network.resnet((images.float() / 255 - 0.1).unsqueeze(1))
    assert torch.allclose(network(images), expected, atol=1e-6)
    assert torch.equal(network(images), network(images.float().unsqueeze(1)))
