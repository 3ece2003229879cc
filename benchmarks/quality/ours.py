"""Searches by `automl.algorithms`, told as the driver tells them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.algorithms import Suggestion, build
from automl.conductor import Conductor
from benchmarks.quality.meter import Meter, Trace
from benchmarks.quality.seeding import stream_seed
from benchmarks.quality.selection import best_configurations
from benchmarks.quality.surface import Configuration, Surface

WARM_CONFIGURATIONS = 5


def search(
    surface: Surface,
    seed: int,
    total: int,
    algorithm: str,
    *,
    continued: bool = False,
    initial: Sequence[Configuration] = (),
) -> Trace:
    """Search until the next evaluation cannot be afforded.

    Args:
        surface: What to search on.
        seed: Seed of the search.
        total: Budget of all evaluations together.
        algorithm: A name that `build` takes.
        continued: Whether a promotion costs only what its earlier evaluation has not paid for.
        initial: Configurations to evaluate first.
    """
    machine = build(
        algorithm,
        surface.space,
        stream_seed(seed, f"ours {algorithm}"),
        initial=initial,
        **_endless(surface, total, algorithm),
    )
    conductor = Conductor(machine, 1, "asked")
    meter = Meter(surface, total)
    origins: list[str] = []
    saved = 0
    while isinstance(suggestion := conductor.next(), Suggestion):
        budget, start = int(suggestion.budget), 0
        if continued and suggestion.previous_budget is not None:
            start = int(suggestion.previous_budget)
        if not meter.affords(budget - start):
            break
        loss = meter.evaluate(suggestion.configuration, budget, start)
        conductor.result(suggestion.number, loss)
        saved += start
        if suggestion.origin in ("random", "model"):
            origins.append(suggestion.origin)
    return meter.trace(origins.count("model") / max(1, len(origins)), saved)


def warm_search(surface: Surface, seed: int, total: int, algorithm: str) -> Trace:
    """Search with the best five configurations of an earlier search on a related surface first.

    The earlier search, by the same algorithm, had a quarter of the budget; it is not charged.
    """
    earlier = search(surface.related(), stream_seed(seed, "earlier"), total // 4, algorithm)
    best = best_configurations(earlier, WARM_CONFIGURATIONS)
    return search(surface, seed, total, algorithm, initial=best)


def _endless(surface: Surface, total: int, algorithm: str) -> dict[str, Any]:
    """Settings of a search that the total ends, not the plan: each trial costs 1 or more."""
    if algorithm in ("random", "tpe"):
        return {"trials": total, "budget": surface.max_budget}
    return {
        "min_budget": surface.min_budget,
        "max_budget": surface.max_budget,
        "eta": 3,
        "iterations": total,
    }
