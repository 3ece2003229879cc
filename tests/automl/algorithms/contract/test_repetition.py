"""One seed is one search: in another process, from a log of calls, whatever else is random."""

from __future__ import annotations

import importlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from contract import (
    SETTINGS,
    Declaration,
    Declared,
    Drive,
    Objective,
    every_algorithm,
    given,
    make,
    suggestions,
)

from automl.algorithms import Algorithm, Signal, Suggestion
from searchspaces import Space, parse_space


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
