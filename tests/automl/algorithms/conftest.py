from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from automl.algorithms import Algorithm, Signal, Suggestion
from searchspaces import Space, parse_space

FLAT = {
    "name": "flat",
    "source": "test",
    "parameters": {
        "learning_rate": {
            "type": "float",
            "lower": 1e-4,
            "upper": 10.0,
            "log": True,
            "default": 0.1,
        },
        "momentum": {"type": "float", "lower": 0.5, "upper": 1.0, "default": 0.9},
        "topology": {"type": "categorical", "choices": list(range(1, 14)), "default": 3},
        "batch_size": {"type": "ordinal", "choices": [4, 8, 16, 32, 64], "default": 8},
    },
}

CONDITIONAL = {
    "name": "conditional",
    "source": "test",
    "parameters": {
        "model": {"type": "categorical", "choices": ["forest", "svm"], "default": "forest"},
        "trees": {
            "type": "integer",
            "lower": 10,
            "upper": 200,
            "log": True,
            "default": 50,
            "when": {"model": "forest"},
        },
        "depth": {
            "type": "ordinal",
            "choices": [2, 4, 8, None],
            "default": None,
            "when": {"model": "forest"},
        },
        "angles": {"type": "subset", "of": [0, 45, 90], "default": [0]},
        "C": {
            "type": "float",
            "lower": 1e-3,
            "upper": 1e3,
            "log": True,
            "default": 1.0,
            "when": {"model": "svm"},
        },
        "weight": {
            "type": "categorical",
            "choices": [None, "balanced", [0.2, 0.8]],
            "default": None,
            "when": {"model": "svm"},
        },
    },
}


def without_continuum(declaration: dict[str, Any]) -> dict[str, Any]:
    """The declaration with a few of its values in the place of each float: a part of its points."""

    def listed(parameter: dict[str, Any]) -> dict[str, Any]:
        if parameter["type"] != "float":
            return parameter
        lower, upper = parameter["lower"], parameter["upper"]
        spread = np.geomspace if parameter.get("log") else np.linspace
        choices = [float(value) for value in spread(lower, upper, 12)[1:-1]]
        kept = {key: parameter[key] for key in ("when",) if key in parameter}
        return {"type": "ordinal", "choices": choices, "default": choices[5], **kept}

    parameters = {name: listed(each) for name, each in declaration["parameters"].items()}
    return {**declaration, "parameters": parameters}


@pytest.fixture(scope="session")
def countable() -> Callable[[dict[str, Any]], dict[str, Any]]:
    return without_continuum


@pytest.fixture(scope="session")
def flat_declaration() -> dict[str, Any]:
    return FLAT


@pytest.fixture(scope="session")
def flat() -> Space:
    return parse_space(FLAT)


@pytest.fixture(scope="session")
def finite() -> Space:
    return parse_space(without_continuum(CONDITIONAL))


@pytest.fixture(scope="session")
def conditional_declaration() -> dict[str, Any]:
    return CONDITIONAL


@pytest.fixture(scope="session")
def conditional() -> Space:
    return parse_space(CONDITIONAL)


def _flat_loss(configuration: dict[str, Any], budget: float) -> float:
    """A bowl, shallower at small budgets; without ties between different configurations."""
    rate = math.log10(configuration["learning_rate"]) + 2
    momentum = configuration["momentum"] - 0.8
    topology = (configuration["topology"] * 5 % 13) / 13
    batch = math.log2(configuration["batch_size"]) - 3
    value = 0.05 * rate**2 + momentum**2 + 0.3 * topology + 0.02 * batch**2
    return 1 - math.exp(-value) * budget / (budget + 1)


@pytest.fixture(scope="session")
def flat_loss() -> Callable[[dict[str, Any], float], float]:
    return _flat_loss


def _conditional_loss(configuration: dict[str, Any], budget: float) -> float:
    if configuration["model"] == "forest":
        value = abs(math.log10(configuration["trees"] / 80)) + 0.1 * (configuration["depth"] or 0)
    else:
        value = abs(math.log10(configuration["C"] / 20)) / 3 + 0.1 * (
            configuration["weight"] is None
        )
    return value / (1 + value) / 2 + 0.1 * len(configuration["angles"]) / budget


@pytest.fixture(scope="session")
def conditional_loss() -> Callable[[dict[str, Any], float], float]:
    return _conditional_loss


Calls = list[Suggestion | tuple[int, float | None]]


def _drive(
    algorithm: Algorithm,
    objective: Callable[[Suggestion], float | None],
    workers: int = 1,
    pick: Callable[[list[int]], int] = lambda outstanding: outstanding[0],
) -> Calls:
    """Run a search to its end; the log holds asks (suggestions) and tells in order."""
    calls: Calls = []
    outstanding: dict[int, Suggestion] = {}
    while True:
        answer: Suggestion | Signal = Signal.WAIT
        if len(outstanding) < workers:
            answer = algorithm.ask()
        if isinstance(answer, Suggestion):
            calls.append(answer)
            outstanding[answer.number] = answer
        elif not outstanding:
            assert answer is Signal.DONE, "told to wait although nothing is outstanding"
            return calls
        else:
            number = pick(list(outstanding))
            loss = objective(outstanding.pop(number))
            algorithm.tell(number, loss)
            calls.append((number, loss))


@pytest.fixture(scope="session")
def drive() -> Callable[..., Calls]:
    return _drive
