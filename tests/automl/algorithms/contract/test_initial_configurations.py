"""Configurations that a search is given to begin with."""

from __future__ import annotations

import random
from typing import Any

import pytest
from contract import Drive, Objective, every_algorithm, given, make, suggestions

from automl.algorithms import Suggestion
from searchspaces import Space, configuration_id


@every_algorithm
@pytest.mark.parametrize("workers", [1, 3])
def test_initial_configurations_are_the_first_draws(
    name: str, workers: int, conditional: Space, drive: Drive, objective: Objective
):
    initial = given(conditional, 4)
    algorithm = make(name, conditional, initial=initial)
    shuffle = random.Random(workers)
    asked = suggestions(drive(algorithm, objective, workers=workers, pick=shuffle.choice))
    drawn = [s for s in asked if s.origin != "promoted"]
    assert [s.configuration for s in drawn[:4]] == initial
    assert [s.origin for s in drawn[:4]] == ["warm_start"] * 4
    assert "warm_start" not in {s.origin for s in drawn[4:]}
    assert len(asked) == algorithm.plan().trials == make(name, conditional).plan().trials
    assert [s.configuration_id for s in drawn[:4]] == [configuration_id(c) for c in initial]


@every_algorithm
def test_initial_configurations_may_be_all_there_are(
    name: str, conditional: Space, drive: Drive, conditional_loss: Any
):
    count = make(name, conditional).plan().configurations
    algorithm = make(name, conditional, initial=given(conditional, count))
    calls = drive(algorithm, lambda s: conditional_loss(s.configuration, s.budget))
    assert {s.origin for s in suggestions(calls)} <= {"warm_start", "promoted"}


@every_algorithm
def test_no_initial_configuration_changes_nothing(
    name: str, conditional: Space, drive: Drive, objective: Objective
):
    without = suggestions(drive(make(name, conditional), objective))
    assert suggestions(drive(make(name, conditional, initial=[]), objective)) == without


@every_algorithm
def test_initial_configurations_are_not_shared_with_the_caller(name: str, conditional: Space):
    initial = given(conditional, 2)
    expected = [configuration_id(configuration) for configuration in initial]
    algorithm = make(name, conditional, initial=initial)
    for configuration in initial:
        configuration["angles"].clear()
    asked = [algorithm.ask() for _ in range(2)]
    assert [s.configuration_id for s in asked if isinstance(s, Suggestion)] == expected


@every_algorithm
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "tree"}, 'initial configuration 2: space conditional: model: "tree" is not one'),
        ({"angles": None}, "initial configuration 2: space conditional: angles: null is not a"),
        ({"colour": 1}, "initial configuration 2: space conditional: colour: no such parameter"),
        ({}, "initial configuration 2 is the same as number 1: list it once"),
    ],
)
def test_refuses_initial_configurations_that_are_no_points(
    name: str, change: dict[str, Any], message: str, conditional: Space
):
    first = conditional.default_configuration()
    with pytest.raises(ValueError) as refusal:
        make(name, conditional, initial=[first, {**first, **change}])
    text = str(refusal.value)
    assert f"algorithm {name}: {message}" in text
    assert "\n" not in text


@every_algorithm
def test_refuses_more_initial_configurations_than_it_draws(name: str, conditional: Space):
    count = make(name, conditional).plan().configurations
    with pytest.raises(ValueError, match=f"{count + 1} configurations, but the plan draws {count}"):
        make(name, conditional, initial=given(conditional, count + 1))
