import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from trainables.deepfreak import activation
from trainables.deepfreak.activation import fused, plain
from trainables.deepfreak.network import build
from trainables.deepfreak.options import Options
from trainables.deepfreak.topologies import topology


@pytest.fixture(autouse=True)
def _every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activation, "FEWEST_VALUES", 1)


def maps(shape: tuple[int, int, int, int], seed: int, mean: float = 0.0) -> Tensor:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed)) + mean
    return values.to(memory_format=torch.channels_last)


def layer(channels: int) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(channels)
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        norm.weight.copy_(torch.randn(channels, generator=generator))
        norm.bias.copy_(torch.randn(channels, generator=generator))
    return norm


def both_ways(function, norm, x, shortcut, rectified, double=False):
    """Output, gradients of everything, and the state of the layer after one step."""
    norm, x = copy.deepcopy(norm), x.clone(memory_format=torch.preserve_format)
    if double:
        norm, x = norm.double(), x.double()
        shortcut = None if shortcut is None else shortcut.double()
    inputs = [x.requires_grad_(), norm.weight, norm.bias]
    if shortcut is not None:
        shortcut = shortcut.clone(memory_format=torch.preserve_format).requires_grad_()
        inputs.append(shortcut)
    y = function(norm, x, shortcut, rectified)
    weights = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
    gradients = torch.autograd.grad((y * weights).sum(), inputs)
    state = [norm.running_mean, norm.running_var, norm.num_batches_tracked]
    of_x, of_weight, of_bias, *of_shortcut = gradients
    return [y.detach(), of_x, of_weight, of_bias, *of_shortcut, *state]


@pytest.mark.parametrize("rectified", [True, False])
@pytest.mark.parametrize("adds", [True, False])
@pytest.mark.parametrize(
    "shape", [(8, 8, 16, 16), (3, 24, 5, 7), (2, 3, 9, 9), (1, 64, 6, 6), (5, 512, 1, 1)]
)
@pytest.mark.parametrize("mean", [0.0, 300.0])
def test_fused_is_torchs_within_rounding(shape, adds, rectified, mean) -> None:
    x = maps(shape, 1, mean)
    shortcut = maps(shape, 2) if adds else None
    exact = both_ways(plain, layer(shape[1]), x, shortcut, rectified, double=True)
    ours = both_ways(fused, layer(shape[1]), x, shortcut, rectified)
    theirs = both_ways(plain, layer(shape[1]), x, shortcut, rectified)
    terms = {2: x.numel() / shape[1], 3: x.numel() / shape[1]}  # sums of numbers of about one
    for place, (truth, mine, other) in enumerate(zip(exact, ours, theirs, strict=True)):
        scale = max(truth.abs().max().item(), terms.get(place, 0))
        error = (mine.double() - truth).abs().max().item()
        # As near to the truth as torch itself, but for a few last bits.
        assert error <= 4 * (other.double() - truth).abs().max().item() + 2e-6 * scale


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 4),
    st.integers(1, 70),
    st.integers(1, 9),
    st.integers(2, 9),
    st.booleans(),
    st.integers(0, 99),
)
def test_every_shape_is_covered_and_equal_inputs_give_equal_bits(
    images, channels, rows, columns, adds, seed
) -> None:
    shape = (images, channels, rows, columns)
    x, shortcut = maps(shape, seed), maps(shape, seed + 1) if adds else None
    ours = both_ways(fused, layer(channels), x, shortcut, True)
    again = both_ways(fused, layer(channels), x, shortcut, True)
    exact = both_ways(plain, layer(channels), x, shortcut, True, double=True)
    assert all(torch.equal(one, other) for one, other in zip(ours, again, strict=True))
    assert torch.allclose(ours[0].double(), exact[0], atol=1e-4)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_stays_so(value: float) -> None:
    x = maps((2, 8, 4, 4), 0)
    x[0, 3, 1, 1] = value
    y, of_x, *_ = both_ways(fused, layer(8), x, None, True)
    assert y[:, 3].isnan().all()
    assert of_x[:, 3].isnan().all()
    assert y[:, :3].isfinite().all()


@pytest.mark.parametrize(
    "x",
    [
        pytest.param(torch.ones(2, 4, 3, 3), id="another layout"),
        pytest.param(maps((2, 4, 3, 3), 0).double(), id="another precision"),
    ],
)
def test_what_the_kernels_cannot_take_is_left_to_torch(x: Tensor, monkeypatch) -> None:
    monkeypatch.setattr(activation._FusedBatchNorm, "apply", None)
    norm = layer(4).to(x.dtype)
    assert torch.equal(fused(norm, x), plain(copy.deepcopy(norm), x))


def test_evaluation_and_other_normalisations_are_torchs(monkeypatch) -> None:
    monkeypatch.setattr(activation._FusedBatchNorm, "apply", None)
    x = maps((2, 8, 3, 3), 0)
    for norm in (layer(8).eval(), nn.GroupNorm(2, 8)):
        assert torch.equal(fused(norm, x, x, False), plain(norm, x, x, False))


def test_one_value_per_channel_is_refused_as_torch_does() -> None:
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        fused(layer(8), maps((1, 8, 1, 1), 0))


def test_a_network_learns_the_same_either_way() -> None:
    losses = {}
    for name, choice in (("plain", plain), ("fused", fused)):
        network = build(
            topology(10).resized(1.0, (1, 1, 1, 1)), (64, 64), 5, "scaled", torch.zeros(64, 64),
            torch.Generator().manual_seed(0), activation=choice,
        ).to(memory_format=torch.channels_last)  # fmt: skip
        images = torch.randint(
            0, 255, (4, 64, 64), generator=torch.Generator().manual_seed(1), dtype=torch.uint8
        )
        optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
        losses[name] = []
        for _ in range(4):
            loss = nn.functional.cross_entropy(network.train()(images), torch.arange(4))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses[name].append(loss.item())
    assert losses["fused"][-1] < losses["fused"][0]
    assert losses["fused"] == pytest.approx(losses["plain"], rel=1e-3)


def test_the_option_is_on_and_part_of_what_is_trained() -> None:
    assert Options.parse({}).of_training()["fused"] is True
    assert Options.parse({"fused": False}).of_training()["fused"] is False
