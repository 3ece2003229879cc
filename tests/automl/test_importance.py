"""Importance of parameters whose effect is known."""

from __future__ import annotations

import numpy as np
import pytest

from automl.importance import LEAST, importance


def trials(n, effect, seed=0):
    rng = np.random.default_rng(seed)
    configurations, accuracies = [], []
    for _ in range(n):
        one = {"strong": float(rng.uniform()), "idle": float(rng.uniform()), "same": 3}
        one["kind"] = str(rng.choice(["a", "b"]))
        if one["kind"] == "b":
            one["only_b"] = [[1, 2], [4], None][int(rng.integers(3))]
        configurations.append(one)
        accuracies.append(0.5 + effect(one) + float(rng.normal(0, 0.005)))
    return configurations, [1.0] * n, accuracies


def test_the_parameter_that_decides_comes_first_and_the_idle_one_has_no_share():
    found = importance(*trials(80, lambda one: 0.3 * one["strong"]))
    assert found.r2 > 0.8
    assert max(found.shares, key=found.shares.get) == "strong"
    assert found.shares["strong"] > 0.5
    assert abs(found.shares["idle"]) < 0.05
    assert "same" not in found.shares
    assert "budget" not in found.shares
    assert found.note == ""


def test_a_condition_tells_through_the_inactive_value():
    """Only whether the conditional parameter is active decides; its parent is left out."""
    configurations, budgets, accuracies = trials(80, lambda one: 0.3 * ("only_b" in one))
    without = [{k: v for k, v in one.items() if k != "kind"} for one in configurations]
    found = importance(without, budgets, accuracies)
    assert found.shares["only_b"] > 0.5


def test_noise_is_not_explained_and_said_to_be_so():
    found = importance(*trials(60, lambda one: 0.0))
    assert found.r2 <= 0
    assert "trust none" in found.note


def test_budgets_count_where_there_are_several():
    configurations, _, accuracies = trials(60, lambda one: 0.0)
    budgets = [1.0, 9.0] * 30
    found = importance(
        configurations, budgets, [a + b / 30 for a, b in zip(accuracies, budgets, strict=True)]
    )
    assert max(found.shares, key=found.shares.get) == "budget"


def test_it_is_seeded():
    case = trials(40, lambda one: 0.2 * one["strong"])
    assert importance(*case, seed=1) == importance(*case, seed=1)


def test_too_few_trials_and_trials_that_do_not_vary():
    configurations, budgets, accuracies = trials(LEAST - 1, lambda one: one["strong"])
    found = importance(configurations, budgets, accuracies)
    assert (found.n, found.r2, found.shares) == (LEAST - 1, None, {})
    assert "not enough trials" in found.note
    assert importance([{"x": 1}] * 30, [1.0] * 30, [0.5] * 30).shares == {}
    with pytest.raises(ValueError):
        importance([{"x": 1}], [1.0, 2.0], [0.5])
