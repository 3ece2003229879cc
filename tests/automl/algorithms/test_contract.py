"""What every algorithm promises, whatever it does inside."""

from __future__ import annotations

import importlib
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from automl.algorithms import ALGORITHMS, Algorithm, Signal, Suggestion, build
from searchspaces import Space, configuration_id, parse_space, sample

SETTINGS: dict[str, dict[str, Any]] = {
    "random": {"trials": 12, "budget": 5},
    "tpe": {"trials": 16, "budget": 5, "n_startup_jobs": 6},
    "hyperband": {"min_budget": 1, "max_budget": 9, "eta": 3, "iterations": 5},
    "bohb": {"min_budget": 1, "max_budget": 9, "eta": 3, "iterations": 5, "num_samples": 4},
    "grid": {"trials": 12, "budget": 5},
}

every_algorithm = pytest.mark.parametrize("name", list(SETTINGS))
Drive = Callable[..., list[Any]]
Objective = Callable[[Suggestion], float | None]


def make(name: str, space: Space, seed: int = 1, **settings: Any) -> Algorithm:
    return build(name, space, seed, **{**SETTINGS[name], **settings})


def given(space: Space, count: int) -> list[dict[str, Any]]:
    """Configurations that no algorithm under test draws by itself."""
    rng = np.random.default_rng(99)
    return [sample(space, rng) for _ in range(count)]


def suggestions(calls: list[Any]) -> list[Suggestion]:
    return [call for call in calls if isinstance(call, Suggestion)]


Declaration = dict[str, Any]
Declared = Callable[[str, Declaration], Declaration]


@pytest.fixture(scope="session")
def declared(countable: Callable[[Declaration], Declaration]) -> Declared:
    """The space that an algorithm is put under contract with: a grid takes no continuum."""

    def of(name: str, declaration: Declaration) -> Declaration:
        return countable(declaration) if name == "grid" else declaration

    return of


@pytest.fixture
def flat(name: str, flat_declaration: Declaration, declared: Declared) -> Space:
    return parse_space(declared(name, flat_declaration))


@pytest.fixture
def conditional(name: str, conditional_declaration: Declaration, declared: Declared) -> Space:
    return parse_space(declared(name, conditional_declaration))


@pytest.fixture
def objective(conditional_loss: Any) -> Objective:
    """Losses on the conditional space; every seventh evaluation fails in one way or another."""

    def loss(suggestion: Suggestion) -> float | None:
        if suggestion.number % 7 == 5:
            return (None, math.nan, math.inf)[suggestion.number // 7 % 3]
        return conditional_loss(suggestion.configuration, suggestion.budget)

    return loss


def test_every_algorithm_is_under_contract():
    assert set(SETTINGS) == set(ALGORITHMS)


@every_algorithm
def test_one_seed_is_one_search(name: str, conditional: Space, drive: Drive, objective: Objective):
    first, second = (
        suggestions(drive(make(name, conditional, seed=3), objective)) for _ in range(2)
    )
    assert first == second


@every_algorithm
def test_seeds_differ(name: str, conditional: Space):
    first, second = (make(name, conditional, seed).ask() for seed in (1, 2))
    assert first != second


@every_algorithm
def test_draws_differ(name: str, flat: Space, drive: Drive, flat_loss: Any):
    asked = suggestions(drive(make(name, flat), lambda s: flat_loss(s.configuration, s.budget)))
    drawn = [s.configuration_id for s in asked if s.origin != "promoted"]
    assert len(set(drawn)) == len(drawn)


PROGRAM = """
import json, sys
from automl.algorithms import Signal, build
from searchspaces import parse_space
for name, space, settings, calls in json.loads(sys.stdin.read()):
    algorithm = build(name, parse_space(space), 1, **settings)
    for call in calls:
        if call is None:
            s = algorithm.ask()
            print(json.dumps([s.configuration, s.budget, s.origin]))
        else:
            algorithm.tell(*call)
    assert algorithm.ask() is Signal.DONE
"""


@pytest.mark.parametrize("hash_seed", ["0", "1", "4294967295"])
def test_another_process_makes_the_same_searches(
    hash_seed: str,
    conditional_declaration: Declaration,
    declared: Declared,
    drive: Drive,
    objective: Objective,
):
    """With failures and several evaluations outstanding, whatever order sets are iterated in."""
    searches, expected = [], []
    for name in SETTINGS:
        declaration = declared(name, conditional_declaration)
        space = parse_space(declaration)
        initial = given(space, 2)
        algorithm = make(name, space, initial=initial)
        calls = drive(algorithm, objective, 3, random.Random(2).choice)
        answers = [None if isinstance(call, Suggestion) else call for call in calls]
        searches.append([name, declaration, {**SETTINGS[name], "initial": initial}, answers])
        expected += [[s.configuration, s.budget, s.origin] for s in suggestions(calls)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(searches),
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()] == expected


@every_algorithm
def test_repeating_the_calls_repeats_the_answers(
    name: str, conditional: Space, drive: Drive, objective: Objective
):
    shuffle = random.Random(5)
    calls = drive(make(name, conditional), objective, workers=3, pick=shuffle.choice)
    again = make(name, conditional)
    for call in calls:
        if isinstance(call, Suggestion):
            assert again.ask() == call
        else:
            again.tell(*call)
    assert again.ask() is Signal.DONE


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
def test_changing_a_suggestion_does_not_change_the_search(
    name: str, conditional: Space, drive: Drive, objective: Objective
):
    def vandal(suggestion: Suggestion) -> float | None:
        loss = objective(suggestion)
        suggestion.configuration.clear()
        return loss

    untouched = suggestions(drive(make(name, conditional), objective))
    vandalised = suggestions(drive(make(name, conditional), vandal))
    ids = [s.configuration_id for s in untouched]
    assert [s.configuration_id for s in vandalised] == ids


def global_states() -> tuple[Any, ...]:
    """The states of all global generators there are in this process."""
    kind, keys, *position = np.random.get_state()  # type: ignore[misc] # noqa: NPY002
    torch = sys.modules.get("torch")
    drawn = None if torch is None else torch.get_rng_state().tolist()
    return random.getstate(), (kind, keys.tolist(), position), drawn


class Disturbed:
    """An algorithm between whose calls the global generators are seeded anew, and watched."""

    def __init__(self, algorithm: Algorithm) -> None:
        self._algorithm = algorithm
        self._seed = 1000

    def _watched(self, call: Callable[..., Any], *arguments: Any) -> Any:
        self._seed += 1
        random.seed(self._seed)
        np.random.seed(self._seed)  # noqa: NPY002 - the very generator this is about
        if "torch" in sys.modules:
            sys.modules["torch"].manual_seed(self._seed)
        before = global_states()
        answer = call(*arguments)
        assert global_states() == before
        return answer

    def ask(self) -> Suggestion | Signal:
        return self._watched(self._algorithm.ask)

    def tell(self, number: int, loss: float | None) -> None:
        self._watched(self._algorithm.tell, number, loss)


@every_algorithm
def test_global_generators_are_neither_used_nor_touched(
    name: str, conditional: Space, drive: Drive, objective: Objective
):
    importlib.import_module("torch")
    states = global_states()
    undisturbed = suggestions(drive(make(name, conditional), objective, workers=2))
    assert global_states() == states
    disturbed = Disturbed(make(name, conditional))
    assert suggestions(drive(disturbed, objective, workers=2)) == undisturbed


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
