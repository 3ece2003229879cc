from typing import Any

import numpy as np
import pytest
import torch

from trainables.deepfreak.epoch_plan import EpochPlan, plan_epoch
from trainables.deepfreak.hyperparameters import Hyperparameters
from trainables.deepfreak.options import Options

TABLE_10 = {
    "topology": 10, "learning_rate": 0.5, "momentum": 0.9, "weight_decay": 1e-5, "batch_size": 8,
}  # fmt: skip
BOUNDS = [(0, 8), (8, 16), (16, 20)]


def planned(
    seed: int = 0, epoch: int = 0, options: dict[str, Any] | None = None, **changes: Any
) -> EpochPlan:
    return plan_epoch(
        Hyperparameters.parse({**TABLE_10, **changes}, {}),
        Options.parse(options or {}),
        seed=seed,
        epoch=epoch,
        bounds=BOUNDS,
        square=True,
        device=torch.device("cpu"),
    )


def test_the_paper_s_epoch_is_an_order_and_a_rate() -> None:
    plan = planned()
    assert sorted(plan.order.tolist()) == list(range(20))
    assert plan.rates == (0.5,) * 3
    assert plan.symmetries is None
    assert plan.intensities is None
    assert planned(epoch=10).rates == (0.05,) * 3


def test_each_epoch_each_seed_and_each_purpose_draws_for_itself() -> None:
    everything = {"symmetries": "dihedral", "intensity_range": 1.2}
    plans = [planned(seed, epoch, **everything) for seed in (0, 1) for epoch in (0, 1)]
    for name in ("order", "symmetries", "intensities"):
        assert len({tuple(getattr(plan, name).tolist()) for plan in plans}) == 4
        again = getattr(planned(1, 1, **everything), name)
        assert torch.equal(getattr(plans[3], name), again)
    assert torch.equal(planned(1, 1).order, plans[3].order)
    assert torch.equal(planned(1, 1, symmetries="dihedral").symmetries, plans[3].symmetries)
    assert torch.equal(planned(1, 1, intensity_range=1.2).intensities, plans[3].intensities)


def test_intensities_fill_their_range() -> None:
    drawn = np.concatenate(
        [planned(seed, intensity_range=0.9).intensities.numpy() for seed in range(100)]
    )
    logarithms = np.log(drawn)
    assert -0.9 <= logarithms.min() < -0.88
    assert 0.28 < logarithms.max() <= 0.3 + 1e-6


def test_one_cycle_goes_on_from_epoch_to_epoch() -> None:
    def epoch(number: int) -> tuple[float, ...]:
        options = {"cycle_epochs": 4}
        return tuple(planned(epoch=number, options=options, rate_schedule="one_cycle").rates)

    rates = [rate for number in range(4) for rate in epoch(number)]
    assert rates.index(max(rates)) == 3  # 30 % of twelve steps
    assert rates[0] == pytest.approx(0.5 / 25)
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert rates[-1] == 0.5e-4
    assert epoch(4) == epoch(9) == (0.5e-4,) * 3
