"""The models learn: a check that nothing is told the wrong way round, not a benchmark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from automl.algorithms import Suggestion, build
from searchspaces import Space, parse_space

SEEDS = range(3)


def losses(
    drive: Any, loss: Callable[..., float], name: str, space: Space, seed: int, **settings: Any
) -> list[tuple[Suggestion, float]]:
    """Every suggestion with what it would reach at one and the same budget."""
    algorithm = build(name, space, seed, **settings)
    calls = drive(algorithm, lambda s: loss(s.configuration, s.budget))
    return [(c, loss(c.configuration, 1)) for c in calls if isinstance(c, Suggestion)]


def test_tpe_beats_random_search(flat: Space, flat_loss: Any, drive: Any):
    best = {
        name: [
            min(value for _, value in losses(drive, flat_loss, name, flat, seed, trials=50))
            for seed in SEEDS
        ]
        for name in ("random", "tpe")
    }
    assert np.mean(best["tpe"]) < np.mean(best["random"]) - 0.005


def test_bohbs_model_draws_better_than_its_random_draws(drive: Any):
    unit = {"type": "float", "lower": 0.0, "upper": 1.0, "default": 0.5}
    cube = parse_space({"name": "cube", "source": "test", "parameters": dict.fromkeys("xyz", unit)})

    def distance(configuration: dict[str, float], budget: float) -> float:
        return sum((value - 0.3) ** 2 for value in configuration.values()) / 3

    bands = {"min_budget": 1, "max_budget": 9, "eta": 3, "iterations": 9, "num_samples": 8}
    drawn: dict[str, list[float]] = {"random": [], "model": [], "promoted": []}
    for seed in range(2):
        for suggestion, value in losses(drive, distance, "bohb", cube, seed, **bands):
            drawn[suggestion.origin].append(value)
    assert np.mean(drawn["model"]) < 0.5 * np.mean(drawn["random"])
    assert np.mean(drawn["promoted"]) < 0.5 * np.mean(drawn["random"])


def test_hyperband_promotes_the_better_ones(flat: Space, flat_loss: Any, drive: Any):
    bands = {"min_budget": 1, "max_budget": 27, "eta": 3, "iterations": 4}
    searched = losses(drive, flat_loss, "hyperband", flat, 0, **bands)
    promoted = [value for s, value in searched if s.origin == "promoted"]
    drawn = [value for s, value in searched if s.origin == "random"]
    assert np.mean(promoted) < np.quantile(drawn, 0.4)
