"""What a trial needs of a GPU, against measured figures, real networks and itself."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from trainables.deepfreak import memory
from trainables.deepfreak.memory import CONTEXT, PEAK, WORKSPACE, kept_bytes, saved_bytes
from trainables.deepfreak.network import ResNet
from trainables.deepfreak.normalisation import norm_layer
from trainables.deepfreak.options import Options
from trainables.deepfreak.topologies import TABLE_9, topology
from trainables.deepfreak.trainable import DeepFreak

MIB = 2**20
FULL = (512, 512)
# MiB that a step at 512 × 512 saves for its backward pass, at batches of 1, 8 and 64: counted
# independently, operation by operation.
SAVED = {
    0: (427, 3415, 27314),
    1: (426, 3409, 27272),
    2: (426, 3409, 27266),
    3: (147, 1171, 9362),
    4: (108, 859, 6866),
    5: (147, 1170, 9361),
    6: (426, 3408, 27265),
    7: (147, 1170, 9361),
    8: (371, 2965, 23722),
    9: (54, 434, 3470),
    10: (54, 433, 3466),
    11: (416, 3328, 26625),
    12: (107, 858, 6866),
    13: (107, 858, 6867),
}
CONFIGURATION = {
    "topology": 8,
    "learning_rate": 1e-3,
    "momentum": 0.9,
    "weight_decay": 1e-5,
    "batch_size": 8,
}


@pytest.mark.parametrize("number", SAVED)
def test_saved_bytes_are_those_counted_independently(number):
    found = [round(saved_bytes(topology(number), batch, FULL) / MIB) for batch in (1, 8, 64)]
    assert found == pytest.approx(SAVED[number], rel=3e-4, abs=1)


@settings(max_examples=6, deadline=None)
@given(
    number=st.sampled_from([column.number for column in TABLE_9]),
    batch=st.integers(2, 5),
    size=st.integers(64, 96),
)
def test_they_are_what_a_real_network_saves_on_the_cpu(number, batch, size):
    """And so, the batches on the line through two others are on it."""
    column = topology(number).resized(0.1, (1, 2, 1, 1))
    network = ResNet(column, (size, size + 3), 5, "scaled").train()
    own = {tensor.data_ptr() for tensor in (*network.parameters(), *network.buffers())}
    kept = {}

    def pack(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        logits = network(torch.rand(batch, 1, size, size + 3))
        loss = functional.cross_entropy(logits, torch.zeros(batch, dtype=torch.long))
    expected = sum(size for place, size in kept.items() if place not in own)
    assert loss.requires_grad
    assert saved_bytes(column, batch, (size, size + 3), "scaled") == expected


@pytest.mark.parametrize("number", [0, 4, 6, 8, 9, 13])
def test_the_most_that_lives_in_a_training_step_is_within_the_peak(number):
    """Without workspaces, and with gradients of activations: what the factor is for."""
    column = topology(number)
    with torch.device("meta"):
        network = ResNet(column, FULL, 5).train()
        images = torch.empty(8, 1, *FULL)
        labels = torch.zeros(8, dtype=torch.long)
    with memory._Living() as living:
        functional.cross_entropy(network(images), labels).backward()
    weights = 4 * sum(parameter.numel() for parameter in network.parameters())
    saved = saved_bytes(column, 8, FULL)
    assert saved < living.peak + images.nbytes
    assert living.peak < PEAK * saved + weights


def test_a_pass_without_gradients_needs_its_largest_block_alone():
    """The second of layer 1, while its last convolution's output is normalised.

    There live the first pool's output (64 channels), the block's input (256), and of the branch
    what was convolved (64), the output (256), and the same normalised (256).
    """
    found = memory.activations(topology(8), FULL, "strict", 5)
    assert found.alive == pytest.approx((2 * 64 + 3 * 256) * 128 * 128 * 4, rel=1e-4)


def test_training_bytes_are_their_parts():
    column, options = topology(8), Options(evaluation_batch=1)
    needed = memory.training_bytes(8, 16, FULL, options)
    assert needed == int(1.5 * saved_bytes(column, 16, FULL)) + 16 * 23_542_725 + WORKSPACE
    small = memory.training_bytes(8, 1, FULL, Options(evaluation_batch=64))
    validation = 64 * memory.activations(column, FULL, "strict", 5).alive
    assert small == saved_bytes(column, 1, FULL) + validation + 16 * 23_542_725 + WORKSPACE


def test_a_graph_keeps_its_memory_beside_a_shorter_last_batch():
    column = topology(8)
    plain = memory.training_bytes(8, 16, FULL, Options(evaluation_batch=1))
    graphed = memory.training_bytes(8, 16, FULL, Options(evaluation_batch=1, cuda_graphs=True))
    assert graphed - plain == saved_bytes(column, 15, FULL)
    alone = memory.training_bytes(8, 1, FULL, Options(evaluation_batch=1, cuda_graphs=True))
    assert alone - memory.training_bytes(8, 1, FULL, Options(evaluation_batch=1)) < MIB


@pytest.mark.parametrize("number", [4, 8, 10])
@pytest.mark.parametrize("kind", [("batch", "image"), ("batch", "target"), ("group", "running")])
def test_other_normalisations_need_as_much(number, kind):
    with torch.device("meta"):
        network = ResNet(topology(number), FULL, 5, norm=norm_layer(*kind))
    found = memory.activations(topology(number), FULL, "strict", 5)
    assert memory._saved(network, FULL)[0] == pytest.approx(found.saved, rel=1e-3)
    assert memory._alive(network, FULL) == pytest.approx(found.alive, rel=1e-3)


def test_statistics_of_the_target_are_taken_in_batches_of_their_own():
    """Of 128 images for topology 4, whose largest map has 2^20 values; of 32 for topology 8."""
    for number, images in ((4, 128), (8, 64)):
        given = memory.training_bytes(number, 1, FULL, Options(), 5, "target")
        assert given == memory.training_bytes(number, 1, FULL, Options(evaluation_batch=images))


def test_half_precision_halves_what_is_saved():
    fixed = 16 * 23_542_725 + WORKSPACE
    whole, half = (
        memory.training_bytes(8, 64, FULL, Options(precision=precision)) - fixed
        for precision in ("float32", "bfloat16")
    )
    assert half * 2 == pytest.approx(whole)


@pytest.mark.parametrize("batch", [1, 2, 8])
def test_more_images_need_more(batch):
    options = Options()
    needs = [memory.training_bytes(10, n, FULL, options) for n in (batch, batch + 1, 64)]
    assert needs == sorted(needs)
    assert needs[0] < needs[1]


def test_what_a_process_keeps():
    assert kept_bytes(12_520, FULL) == CONTEXT + 12_520 * 512 * 512
    assert DeepFreak.kept_memory({}, FULL, 3) == kept_bytes(3, FULL)


def test_the_trainable_reads_options_and_configuration():
    options = {"width": 0.5, "defaults": {"batch_size": 4}}
    configuration = {name: v for name, v in CONFIGURATION.items() if name != "batch_size"}
    expected = memory.training_bytes(8, 4, FULL, Options.parse(options), 2)
    assert DeepFreak.memory(options, configuration, FULL, 2) == expected
    assert expected < DeepFreak.memory({}, CONFIGURATION, FULL, 2)


def test_a_topology_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="topology 8 does not fit 128 × 128"):
        DeepFreak.memory({}, CONFIGURATION, (128, 128), 5)
