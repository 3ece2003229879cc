from __future__ import annotations

from typing import Any

import pytest

from automl.algorithms import build
from searchspaces import Space

BANDS = {"min_budget": 1, "max_budget": 9, "eta": 3, "iterations": 1}
TRIALS = {"trials": 3, "budget": 1}


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("bohp", BANDS, "algorithm 'bohp' is unknown: did you mean 'bohb'"),
        ("xyz", BANDS, "choose from random, tpe, hyperband, bohb, grid"),
        (
            "random",
            {"trails": 3},
            "algorithm random has no setting 'trails': did you mean 'trials'",
        ),
        ("random", {**TRIALS, "eta": 3}, "no setting 'eta': choose from trials, budget"),
        ("random", {}, "algorithm random lacks the setting 'trials'"),
        ("random", {"trials": 0}, "algorithm random: trials=0: must be a whole number of at le"),
        ("random", {"trials": 2.5}, "trials=2.5: must be a whole number"),
        ("random", {"trials": True}, "trials=True: must be a whole number"),
        ("random", {"trials": "3"}, "trials='3': must be a whole number"),
        ("random", {**TRIALS, "budget": 0}, "budget=0: must be greater than 0"),
        ("random", {**TRIALS, "budget": "1"}, "budget='1': must be a finite number"),
        ("random", {**TRIALS, "seed": -1}, "algorithm random: seed=-1: must be a whole number"),
        ("tpe", {**TRIALS, "gamma": 0}, "gamma=0: must be greater than 0"),
        ("tpe", {**TRIALS, "n_startup_jobs": 0}, "n_startup_jobs=0: must be a whole number"),
        ("tpe", {**TRIALS, "n_EI_candidates": 0}, "n_EI_candidates=0: must be a whole number"),
        ("hyperband", {**BANDS, "eta": 1}, "algorithm hyperband: eta=1: must be greater than 1"),
        ("bohb", {**BANDS, "iterations": 0}, "iterations=0: must be a whole number of at least 1"),
        ("bohb", {**BANDS, "min_points_in_model": 4}, "in_model=4: must be a whole number of at l"),
        ("bohb", {**BANDS, "top_n_percent": 100}, "top_n_percent=100: must be at most 99"),
        ("bohb", {**BANDS, "num_samples": 0}, "num_samples=0: must be a whole number"),
        ("bohb", {**BANDS, "random_fraction": 1.5}, "random_fraction=1.5: must be greater than 0"),
        ("bohb", {**BANDS, "bandwidth_factor": 0}, "bandwidth_factor=0: must be greater than 0"),
        ("bohb", {**BANDS, "min_bandwidth": -1}, "min_bandwidth=-1: must be greater than 0"),
    ],
)
def test_refusals_are_one_clear_line(
    name: str, settings: dict[str, Any], message: str, flat: Space
):
    arguments = {"seed": 0, **settings}
    with pytest.raises(ValueError) as refusal:
        build(name, flat, **arguments)
    text = str(refusal.value)
    assert message in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("name", "settings"),
    [("random", TRIALS), ("tpe", TRIALS), ("hyperband", BANDS), ("bohb", BANDS), ("grid", {})],
)
def test_knows_its_name(name: str, settings: dict[str, Any], finite: Space):
    assert build(name, finite, 0, **settings).name == name


def test_a_plan_without_brackets_is_one_rung(flat: Space):
    plan = build("random", flat, 0, trials=150, budget=2).plan()
    assert [bracket.rungs for bracket in plan.brackets] == [((150, 2),)]
    assert (plan.trials, plan.configurations) == (150, 150)
    assert (plan.budget, plan.budget_continued) == (300, 300)


def test_a_random_draw_depends_on_its_number_alone(flat: Space):
    long, short = (build("random", flat, 4, trials=n, budget=1) for n in (9, 3))
    for _ in range(3):
        assert long.ask() == short.ask()
