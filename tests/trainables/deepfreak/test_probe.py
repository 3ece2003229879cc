"""Prices of configurations, from steps of a few topologies."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from trainables.deepfreak import probe
from trainables.deepfreak.hyperparameters import Hyperparameters
from trainables.deepfreak.options import Options
from trainables.deepfreak.probe import Cost
from trainables.deepfreak.schedule import batch_bounds
from trainables.deepfreak.trainable import DeepFreak

OPTIONS = {"width": 0.0625, "blocks": [1, 1, 1, 1], "pool": "scaled"}
CPU = torch.device("cpu")


def configuration(topology=10, batch_size=8):
    return {
        "topology": topology,
        "learning_rate": 5.0,
        "momentum": 0.9,
        "weight_decay": 1e-5,
        "batch_size": batch_size,
    }


def files(folder):
    return sorted(folder.rglob("*"))


def test_every_configuration_has_a_price_whatever_the_time(make_data, tmp_path):
    """One topology is measured at least; nothing diverges while it is, and nothing is left."""
    data = make_data()
    before = files(tmp_path)
    wanted = [configuration(t, b) for t in (3, 8, 10) for b in (4, 64)]
    found = DeepFreak.probe(data, OPTIONS, "cpu", wanted, images=(1300, 300), seconds=0.0)
    assert "in 1 of 3 topologies" in found["basis"]
    assert len(found["trials"]) == len(wanted)
    for fixed, unit, image in found["trials"]:
        assert math.isfinite(fixed + unit + image)
        assert min(fixed, unit, image) > 0
    assert files(tmp_path) == before
    assert found["kept_bytes"] > 0


def test_a_price_adds_up_steps_images_and_files():
    options = Options.parse(OPTIONS)
    wanted = Hyperparameters.parse(configuration(), {})
    cost = Cost(step=0.5, image=0.1, classified=0.03, built=2.0, written=0.7)
    options = replace(options, checkpoint_every=7)
    fixed, unit, image = probe._price(wanted, cost, options, (100, 40))
    assert len(batch_bounds(100, 8)) == 13
    assert (fixed, image) == (2.0, 0.03)
    assert unit == pytest.approx(13 * 0.5 + 100 * 0.1 + 40 * 0.03 + 0.1)


def test_topologies_that_are_not_measured_follow_their_size(make_data):
    """Where an image costs what its multiplications do, so do the images of the others."""
    options = Options.parse(OPTIONS)
    wanted = [Hyperparameters.parse(configuration(t), {}) for t in range(1, 14)]
    shapes = probe._shapes(wanted, options, make_data())
    assert len(shapes) == 13
    measured = {
        number: Cost(0.1, 1e-9 * shapes[number][0].macs, 0.3e-9 * shapes[number][0].macs, 1.0, 0.0)
        for number in (2, 5, 9)
    }
    found = probe._completed(measured, shapes)
    assert found.keys() == shapes.keys()
    for number, cost in found.items():
        assert cost.image == pytest.approx(1e-9 * shapes[number][0].macs, rel=1e-6)
        assert cost.classified == pytest.approx(0.3 * cost.image, rel=1e-6)
    assert {number: found[number] for number in measured} == measured


def test_what_cannot_run_has_no_price(make_data):
    """Table 9's second pools do not fit small maps where they are taken literally."""
    options = {**OPTIONS, "pool": "strict"}
    wanted = [configuration(t) for t in range(1, 14)]
    found = DeepFreak.probe(make_data(), options, "cpu", wanted, images=(50, 10), seconds=0.0)
    assert all(price is None for price in found["trials"])


def test_a_batch_larger_than_there_is_time_for_is_not_tried(make_data):
    bench = probe._Bench(make_data(), Options.parse(OPTIONS), CPU, torch.tensor(0.1))
    wanted = Hyperparameters.parse(configuration(), {})
    cost, images = bench.cost(wanted, [4, 64], 5)
    assert images <= 2 * (5 + 5)
    assert cost.image > 0


@pytest.mark.parametrize(
    ("small", "large", "step", "image"),
    [
        (4 * (0.5 + 4 * 0.1), 0.5 + 32 * 0.1, 0.5, 0.1),
        # Noise: a large batch that took less than a small one, one that costs more by the image.
        (4.0, 0.8, 1.0 - 4 * 0.3 * 0.8 / 32, 0.3 * 0.8 / 32),
        (0.16, 3.2, 0.0, 0.1),
    ],
)
def test_two_batches_tell_a_step_from_its_images(monkeypatch, make_data, small, large, step, image):
    """Sixteen images in batches of 4, and 32 in one."""
    taken = {4: small, 32: large}

    def run(self, wanted, batch, images):
        assert images == max(batch, 16)
        return probe._Timed(taken[batch], Cost(0.0, 0.0, 1.0, 1.0, 1.0))

    monkeypatch.setattr(probe._Bench, "_run", run)
    bench = probe._Bench(make_data(), Options.parse(OPTIONS), CPU, torch.tensor(0.1))
    cost, _ = bench.cost(Hyperparameters.parse(configuration(), {}), [4, 8, 64], 100)
    assert (cost.step, cost.image) == pytest.approx((step, image))
