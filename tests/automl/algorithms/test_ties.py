"""Equal losses are the rule with accuracies on few images; no sort may decide between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from automl.algorithms import Suggestion, build
from searchspaces import Space

SETTINGS: dict[str, dict[str, Any]] = {
    "tpe": {"trials": 24, "n_startup_jobs": 8},
    "hyperband": {"min_budget": 1, "max_budget": 27, "iterations": 4},
    "bohb": {"min_budget": 1, "max_budget": 27, "iterations": 6, "num_samples": 4},
}


def last_first(values: Any, axis: int = -1) -> Any:
    """A correct `argsort` that puts the later of two equal values first."""
    values = np.asarray(values)
    assert values.ndim == 1
    return np.lexsort((-np.arange(len(values)), values))


@pytest.mark.parametrize("name", list(SETTINGS))
def test_another_order_of_ties_in_sorting_is_the_same_search(
    name: str,
    flat: Space,
    flat_loss: Callable[..., float],
    drive: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
):
    def coarse(suggestion: Suggestion) -> float | None:
        if suggestion.number % 3 == 2:
            return None
        return round(flat_loss(suggestion.configuration, suggestion.budget), 1)

    def search() -> list[Any]:
        return drive(build(name, flat, 2, **SETTINGS[name]), coarse)

    calls = search()
    assert any(isinstance(c, Suggestion) and c.origin in ("model", "promoted") for c in calls)
    monkeypatch.setattr(np, "argsort", last_first)
    assert search() == calls
