from __future__ import annotations

import math

import numpy as np
import pytest
from hpbandster.optimizers import bohb as hpbandster_bohb
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.algorithms import Plan, plan_brackets

# The paper's search: section 4.3 (50 epochs, eta 3) and 5.2 (16 iterations). Budgets round down.
PAPER = [
    ((27, 1), (9, 5), (3, 16), (1, 50)),
    ((9, 5), (3, 16), (1, 50)),
    ((6, 16), (2, 50)),
    ((4, 50),),
]


def test_the_papers_schedule():
    plan = plan_brackets(1, 50, 3, 16)
    assert [bracket.rungs for bracket in plan.brackets] == PAPER * 4
    assert [bracket.index for bracket in plan.brackets] == list(range(16))
    assert plan.configurations == 184
    assert plan.trials == 260
    assert plan.budget == 2836
    assert plan.budget_continued == 2424


@pytest.mark.parametrize(
    ("bracket", "scratch", "continued"),
    [(0, 170, 130), (1, 143, 112), (2, 196, 164), (3, 200, 200)],
)
def test_epochs_of_each_bracket(bracket: int, scratch: int, continued: int):
    planned = plan_brackets(1, 50, 3, 4).brackets[bracket]
    assert (planned.budget, planned.budget_continued) == (scratch, continued)


def test_a_part_of_a_band_is_its_first_brackets():
    assert plan_brackets(1, 50, 3, 2).brackets == plan_brackets(1, 50, 3, 16).brackets[:2]


def test_exact_budgets():
    plan = plan_brackets(1, 50, 3, 4, integer_budgets=False)
    assert [b for _, b in plan.brackets[0].rungs] == pytest.approx([50 / 27, 50 / 9, 50 / 3, 50])
    assert plan.budget == pytest.approx(3000 / 4)


def _hpbandster(low: float, high: float, eta: float, iterations: int) -> list[tuple]:
    """HpBandSter's own layout, from its optimizer without the servers it starts."""
    optimizer = hpbandster_bohb.BOHB.__new__(hpbandster_bohb.BOHB)
    optimizer.eta = eta
    optimizer.max_SH_iter = -int(np.log(low / high) / np.log(eta)) + 1
    optimizer.budgets = high * np.power(
        eta, -np.linspace(optimizer.max_SH_iter - 1, 0, optimizer.max_SH_iter)
    )
    optimizer.config_generator = type("Generator", (), {"get_config": None})
    brackets = (optimizer.get_next_iteration(i) for i in range(iterations))
    return [tuple(zip(b.num_configs, b.budgets.tolist(), strict=True)) for b in brackets]


@settings(deadline=None)
@given(
    low=st.floats(0.01, 10),
    factor=st.floats(1, 300),
    eta=st.one_of(st.integers(2, 6), st.floats(1.5, 6)),
)
def test_the_layout_is_hpbandsters(low: float, factor: float, eta: float):
    high = low * factor
    plan = plan_brackets(low, high, eta, 9, integer_budgets=False)
    assert [bracket.rungs for bracket in plan.brackets] == _hpbandster(low, high, eta, 9)


@settings(deadline=None)
@given(low=st.integers(1, 9), high=st.integers(1, 500), eta=st.integers(2, 6))
def test_whole_budgets_are_the_exact_ones_rounded_down(low: int, high: int, eta: int):
    low, high = sorted((low, high))
    whole = plan_brackets(low, high, eta, 7)
    exact = plan_brackets(low, high, eta, 7, integer_budgets=False)
    for w, e in zip(whole.brackets, exact.brackets, strict=True):
        assert [count for count, _ in w.rungs] == [count for count, _ in e.rungs]
        for (_, budget), (_, unrounded) in zip(w.rungs, e.rungs, strict=True):
            assert type(budget) is int
            assert budget == math.floor(unrounded + 1e-6)


def test_rounding_errors_do_not_cost_an_epoch():
    budgets = [budget for _, budget in plan_brackets(1, 5**5, 5, 1).brackets[0].rungs]
    assert budgets == [1, 5, 25, 125, 625, 3125]


def test_equal_budgets_are_one_rung():
    assert plan_brackets(7, 7, 3, 2).brackets[1].rungs == ((1, 7),)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.5, 50, 3, 1), "the lowest rung rounds down to 0; raise min_budget"),
        ((1, 3, 1.3, 1), "two rungs round down to the same whole number; raise eta"),
        ((1, 50, 1, 1), "eta=1: must be greater than 1"),
        ((1, 50, math.nan, 1), "eta=nan: must be a finite number"),
        ((50, 1, 3, 1), "min_budget=50 is greater than max_budget=1: swap them"),
        ((0, 50, 3, 1), "min_budget=0: must be greater than 0"),
        ((1, math.inf, 3, 1), "max_budget=inf: must be a finite number"),
        ((1, 50, 3, 0), "iterations=0: must be a whole number of at least 1"),
        ((1, 50, 3, 1.5), "iterations=1.5: must be a whole number"),
    ],
)
def test_refusals(arguments: tuple, message: str):
    with pytest.raises(ValueError) as refusal:
        plan_brackets(*arguments)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_integer_budgets_is_a_flag():
    with pytest.raises(ValueError, match="integer_budgets='no': must be true or false"):
        plan_brackets(1, 50, 3, 1, integer_budgets="no")  # type: ignore[arg-type]


def test_an_empty_plan_has_no_cost():
    assert (Plan(()).trials, Plan(()).budget, Plan(()).budget_continued) == (0, 0, 0)
