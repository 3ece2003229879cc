from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from contract import Declaration, Declared, Objective

from automl.algorithms import Suggestion
from searchspaces import Space, parse_space


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
