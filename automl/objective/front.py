"""Accuracy against latency, read from a ledger: the Pareto front, and what was chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from automl.objective import Objective, excess
from automl.state import CONFIRMATION, SEARCH, SearchState, Trial, best_first

Json = dict[str, Any]


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the places of the points that no other one dominates, the fastest first.

    A point dominates another if it is no worse in both and better in one. Of equal points the
    first is kept.

    Args:
        points: (accuracy, latency) each; more of the one and less of the other are better.
    """
    kept: list[int] = []
    for place in sorted(range(len(points)), key=lambda p: (points[p][1], -points[p][0], p)):
        if not kept or points[place][0] > points[kept[-1]][0]:
            kept.append(place)
    return kept


def objective_of(plan: Mapping[str, Any] | None) -> Objective:
    """Return a search's objective; ledgers from before there was a choice have none."""
    return Objective(**((plan or {}).get("config", {}).get("objective") or {}))


def trade(state: SearchState) -> Json | None:
    """Return the section ``objective`` of ``results.json``; None where latency was not measured.

    Every configuration counts with its trial at the largest budget that it reached. Latencies are
    in milliseconds.
    """
    objective = objective_of(state.plan)
    if not objective.measures_latency:
        return None
    best = [trial for trial in best_first(state.phase(SEARCH)) if _latency(trial) is not None]
    measured = sorted(best, key=lambda trial: trial.number)
    points = [_point(trial) for trial in measured]
    places = front([(point["validation_accuracy"], point["latency_ms"]) for point in points])
    within = sum(point["within"] for point in points)
    return {
        "name": objective.name,
        "latency_limit_ms": objective.latency_limit_ms,
        "within": within,
        "beyond": len(points) - within,
        "points": points,
        "front": [
            {**points[place], "configuration": measured[place].configuration} for place in places
        ],
        "confirmed": _confirmed(state),
    }


def _point(trial: Trial) -> Json:
    return {
        "configuration_id": trial.configuration_id,
        "budget": trial.budget,
        "validation_accuracy": trial.accuracy,
        "latency_ms": _latency(trial),
        "within": excess(trial.loss) == 0.0,
    }


def _confirmed(state: SearchState) -> list[Json]:
    """Return the median latency over the seeds of each confirmed configuration."""
    chosen = (state.chosen or {}).get("configuration_id")
    groups: dict[str, list[float]] = {}
    for trial in state.phase(CONFIRMATION):
        latency = _latency(trial)
        if latency is not None:
            groups.setdefault(trial.configuration_id, []).append(latency)
    return [
        {"configuration_id": name, "latency_ms": median(found), "chosen": name == chosen}
        for name, found in groups.items()
    ]


def _latency(trial: Trial) -> float | None:
    found: float | None = trial.metrics.get("latency_ms") if trial.finished else None
    return found
