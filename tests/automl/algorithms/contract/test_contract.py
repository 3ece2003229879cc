"""What every algorithm promises, whatever it does inside."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest
from contract import SETTINGS, Drive, Objective, every_algorithm, make, suggestions

from automl.algorithms import ALGORITHMS, Signal, Suggestion
from searchspaces import Space, configuration_id


def test_every_algorithm_is_under_contract():
    assert set(SETTINGS) == set(ALGORITHMS)


@every_algorithm
def test_draws_differ(name: str, flat: Space, drive: Drive, flat_loss: Any):
    asked = suggestions(drive(make(name, flat), lambda s: flat_loss(s.configuration, s.budget)))
    drawn = [s.configuration_id for s in asked if s.origin != "promoted"]
    assert len(set(drawn)) == len(drawn)


@every_algorithm
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_hands_out_the_plan_and_no_more(
    name: str, workers: int, conditional: Space, drive: Drive, objective: Objective
):
    algorithm = make(name, conditional)
    shuffle = random.Random(workers)
    asked = suggestions(drive(algorithm, objective, workers=workers, pick=shuffle.choice))
    plan = algorithm.plan()
    assert [s.number for s in asked] == list(range(plan.trials))
    assert algorithm.ask() is Signal.DONE
    handed_out: dict[tuple[int, float], int] = {}
    for s in asked:
        key = (s.bracket or 0, s.budget)
        handed_out[key] = handed_out.get(key, 0) + 1
    assert handed_out == {
        (bracket.index, budget): count
        for bracket in plan.brackets
        for count, budget in bracket.rungs
    }


@every_algorithm
def test_suggestions_are_plain_points_of_the_space(
    name: str, conditional: Space, drive: Drive, objective: Objective
):
    for s in suggestions(drive(make(name, conditional), objective, workers=2)):
        conditional.validate(s.configuration)
        assert json.loads(json.dumps(s.configuration)) == s.configuration
        assert s.configuration_id == configuration_id(s.configuration)
        assert type(s.budget) is int


@every_algorithm
def test_origins_and_rungs_agree(name: str, conditional: Space, drive: Drive, objective: Objective):
    drawn: dict[tuple[int | None, str], float] = {}
    for s in suggestions(drive(make(name, conditional), objective, workers=2)):
        key = (s.bracket, s.configuration_id)
        assert (s.origin == "promoted") == (s.previous_budget is not None)
        if s.origin == "promoted":
            assert s.previous_budget == drawn[key]
            assert s.previous_budget < s.budget
        else:
            assert s.origin in ("random", "model")
        drawn[key] = s.budget


@every_algorithm
def test_a_search_where_everything_fails_ends(name: str, conditional: Space, drive: Drive):
    algorithm = make(name, conditional)
    asked = suggestions(drive(algorithm, lambda _: None, workers=2))
    assert len(asked) == algorithm.plan().trials
    assert all(s.origin != "promoted" for s in asked)


@every_algorithm
def test_nothing_finite_is_a_failure(name: str, conditional: Space, drive: Drive, conditional_loss):
    def failing_as(failure: float | None) -> list[Suggestion]:
        def objective(s: Suggestion) -> float | None:
            return failure if s.number % 3 == 1 else conditional_loss(s.configuration, s.budget)

        return suggestions(drive(make(name, conditional), objective))

    assert failing_as(None) == failing_as(math.nan) == failing_as(-math.inf)


@every_algorithm
def test_refuses_to_be_told_what_it_did_not_ask(name: str, conditional: Space):
    algorithm = make(name, conditional)
    with pytest.raises(ValueError, match="suggestion 0 was never asked"):
        algorithm.tell(0, 0.5)
    algorithm.ask()
    algorithm.tell(0, 0.5)
    with pytest.raises(ValueError, match="suggestion 0 has already been told"):
        algorithm.tell(0, 0.5)
    with pytest.raises(ValueError, match="suggestion -1 was never asked"):
        algorithm.tell(-1, 0.5)


@every_algorithm
def test_a_refused_tell_changes_nothing(name: str, conditional: Space):
    algorithm, untouched = make(name, conditional), make(name, conditional)
    for a in (algorithm, untouched):
        a.ask()
    with pytest.raises(TypeError):
        algorithm.tell(0, "low")  # type: ignore[arg-type]
    for a in (algorithm, untouched):
        a.tell(0, 0.5)
    assert algorithm.ask() == untouched.ask()


@every_algorithm
def test_promotions_find_their_checkpoint_alive(
    name: str, conditional: Space, drive: Drive, objective: Objective
):
    """Keep checkpoints as `alive` says; each promotion must find the one it starts from."""
    algorithm = make(name, conditional)
    kept: set[str] = set()
    most = 0

    def evaluate(s: Suggestion) -> float | None:
        if s.previous_budget is not None:
            assert s.configuration_id in kept
        kept.add(s.configuration_id)
        kept.intersection_update(algorithm.alive() | {s.configuration_id})
        nonlocal most
        most = max(most, len(kept))
        return objective(s)

    drive(algorithm, evaluate, workers=3)
    assert algorithm.alive() == frozenset()
    assert most < algorithm.plan().configurations


@pytest.mark.parametrize("name", ["random", "tpe", "grid"])
def test_without_rungs_nothing_is_kept(name: str, conditional: Space):
    algorithm = make(name, conditional)
    algorithm.ask()
    assert algorithm.alive() == frozenset()


@pytest.mark.parametrize("name", ["tpe", "bohb"])
def test_workers_do_not_get_the_same_suggestion(name: str, flat: Space, drive: Drive, flat_loss):
    asked = suggestions(
        drive(make(name, flat), lambda s: flat_loss(s.configuration, s.budget), workers=5)
    )
    drawn = [s.configuration_id for s in asked if s.origin != "promoted"]
    assert len(set(drawn)) == len(drawn)
