from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from trainables.deepfreak.network import DeepFreakNetwork, ResNet, build
from trainables.deepfreak.normalisation import (
    STATISTICS_VALUES,
    Moments,
    estimated_statistics,
    groups,
    norm_layer,
    statistics_bounds,
)
from trainables.deepfreak.topologies import topology

SIDE = 48


def network(kind: str, evaluation: str = "running") -> DeepFreakNetwork:
    generator = torch.Generator().manual_seed(0)
    column = topology(10).resized(1.0, (1, 1, 1, 1))
    made = build(
        column,
        (SIDE, SIDE),
        5,
        "scaled",
        torch.tensor(0.2),
        generator,
        norm_layer(kind, evaluation),
    )
    made.train()
    with torch.no_grad():
        for _ in range(3):  # running statistics of their own
            made(images(6, seed=9))
    return made.eval()


def images(count: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    grey = torch.randint(0, 256, (count, SIDE, SIDE), generator=generator)
    return (grey * torch.rand(count, 1, 1, generator=generator)).to(torch.uint8)


def trained_way(one: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """Logits in training mode, with the state put back."""
    state = {name: value.clone() for name, value in one.state_dict().items()}
    one.train()
    logits = one(batch)
    one.load_state_dict(state)
    one.eval()
    return logits


@settings(deadline=None)
@given(st.integers(4, 2048))
def test_groups_divide_and_keep_four_channels(channels: int) -> None:
    number = groups(channels)
    assert channels % number == 0
    assert number <= 32
    assert channels // number >= 4
    better = range(number + 1, min(32, channels // 4) + 1)
    assert all(channels % more for more in better)


def test_groups_of_the_paper_s_widths() -> None:
    found = {channels: groups(channels) for channels in (4, 5, 8, 16, 32, 64, 128, 256, 2048)}
    assert found == {4: 1, 5: 1, 8: 2, 16: 4, 32: 8, 64: 16, 128: 32, 256: 32, 2048: 32}


def test_group_normalisation_replaces_every_layer_and_draws_the_same_weights() -> None:
    grouped, batched = network("group"), network("batch")
    assert not any(isinstance(module, nn.BatchNorm2d) for module in grouped.modules())
    weights, others = dict(batched.named_parameters()), dict(grouped.named_parameters())
    assert weights.keys() == others.keys()
    assert all(torch.equal(weights[name], others[name]) for name in weights)


@torch.no_grad()
def test_group_normalisation_sees_no_other_image_and_evaluates_as_it_trains() -> None:
    one, batch = network("group"), images(5)
    together = one(batch)
    assert torch.allclose(torch.cat([one(image[None]) for image in batch]), together, atol=1e-5)
    assert torch.allclose(trained_way(one, batch), together, atol=1e-6)


@torch.no_grad()
def test_image_statistics_are_those_of_training_with_one_image() -> None:
    one, batch = network("batch", "image"), images(5)
    alone = torch.cat([trained_way(one, image[None]) for image in batch])
    assert torch.allclose(one(batch), alone, atol=1e-5)
    assert torch.allclose(torch.cat([one(batch[:3]), one(batch[3:])]), alone, atol=1e-5)
    assert not torch.allclose(network("batch")(batch), alone, atol=1e-2)


@torch.no_grad()
def test_target_statistics_are_those_of_the_images_at_hand() -> None:
    one, batch = network("batch", "target"), images(5)
    expected = trained_way(one, batch)
    assert torch.allclose(one(batch), expected, atol=1e-5)
    with estimated_statistics(one, [batch]):
        pieces = torch.cat([one(batch[:2]), one(batch[2:])])
    assert torch.allclose(pieces, expected, atol=1e-5)


@torch.no_grad()
def test_estimated_statistics_are_pooled_over_batches_and_leave_no_trace() -> None:
    one, batch = network("batch", "target"), images(7)
    before = {name: value.clone() for name, value in one.state_dict().items()}
    first = one.resnet.bn1
    with estimated_statistics(one, [batch[:4], batch[4:]]):
        mean, variance = first._fixed
    inputs = one.resnet.conv1((batch.float() / 255 - one.mean).unsqueeze(1))
    assert torch.allclose(mean, inputs.mean((0, 2, 3)), atol=1e-6)
    assert torch.allclose(variance, inputs.var((0, 2, 3), correction=0), rtol=1e-5)
    after = one.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert first._fixed is None
    with pytest.raises(RuntimeError, match="stop"), estimated_statistics(one, [batch]):
        raise RuntimeError("stop")
    assert first._fixed is None


def test_running_statistics_ask_for_no_images() -> None:
    def refuse():
        raise AssertionError
        yield

    with estimated_statistics(network("batch"), refuse()):
        pass


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_moments_of_parts_are_those_of_the_whole(lengths: list[int], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    whole = 3 + torch.randn(sum(lengths), 2, generator=generator)
    moments = Moments()
    for part in whole.split(lengths):
        moments.add(len(part), part.mean(0), part.var(0, correction=0))
    mean, variance = moments.mean_and_variance()
    assert torch.allclose(mean, whole.mean(0), atol=1e-5)
    assert torch.allclose(variance, whole.var(0, correction=0), atol=1e-5)


@settings(deadline=None)
@given(st.integers(1, 5000), st.integers(1, 2 * STATISTICS_VALUES))
def test_statistics_batches_cover_all_images_evenly(count: int, values: int) -> None:
    bounds = statistics_bounds(count, values)
    assert [bounds[0][0], bounds[-1][1]] == [0, count]
    assert all(end == begin for (_, end), (begin, _) in pairwise(bounds))
    lengths = [stop - start for start, stop in bounds]
    assert max(lengths) - min(lengths) <= 1
    assert max(lengths) == 1 or max(lengths) * values <= STATISTICS_VALUES


@pytest.mark.parametrize("number", [4, 8, 10])
def test_largest_map(number: int) -> None:
    with torch.device("meta"):
        resnet = ResNet(topology(number), (512, 512), 5)
        seen = []
        for module in resnet.modules():
            if isinstance(module, nn.Conv2d):
                module.register_forward_hook(lambda *call: seen.append(call[-1].numel()))
        resnet.eval()(torch.empty(1, 1, 512, 512))
    assert resnet.largest_map == max(seen)
