"""What the algorithms are put under contract with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from automl.algorithms import Algorithm, Suggestion, build
from searchspaces import Space, sample

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
