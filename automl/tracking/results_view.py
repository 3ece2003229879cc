"""The final figures of a search, as metrics of its parent run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.tracking import naming


def summary(results: Mapping[str, Any]) -> dict[str, float]:
    """Return metric names and values for what `results` says beyond the ledger's own figures.

    Of each evaluated domain these are the figures in nested sections, such as
    ``test_diffraction_accuracy_real_raw`` and ``test_diffraction_missed_real_raw``.
    Where validation and test split of a domain were both evaluated there is also
    ``whole_accuracy_real_raw``, over all its images.
    """
    figures: dict[str, float] = {}
    for name, raw in _figures(results):
        value = naming.metric_value(raw)
        if value is not None:
            figures[naming.key(name)] = value
    return figures


_COUNTS = (
    "planned",
    "finished",
    "answered",
    "model_based",
    "random",
    "grid",
    "warm_start",
    "fallback",
    "promoted",
)


def _figures(results: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    incumbent = results.get("incumbent") or {}
    yield "best_validation_accuracy", incumbent.get("validation_accuracy")
    yield "median_validation_accuracy", results.get("median_validation_accuracy")
    for entry in results.get("confirmation") or ():
        if entry.get("chosen"):
            yield "confirmed_validation_accuracy", entry.get("mean")
            yield from _bounds("confirmed_validation_accuracy", entry.get("interval"))
    yield from _trade(results.get("objective") or {})
    trials = results.get("trials") or {}
    for name in _COUNTS:
        yield f"trials_{name}", trials.get(name)
    yield "trials_failed", sum((trials.get("failed") or {}).values())
    for name in ("budget_planned", "budget_spent", "budget_saved"):
        yield name, trials.get(name)
    for entry in (results.get("evaluation") or {}).get("domains") or ():
        for section, values in entry.items():
            if isinstance(values, Mapping):
                yield from _section(f"{entry['split']}_{section}", entry["domain"], values)
    for entry in (results.get("evaluation") or {}).get("whole") or ():
        stem = f"whole_accuracy_{entry['domain']}"
        yield stem, entry.get("accuracy")
        yield from _bounds(stem, entry.get("interval"))


def _trade(objective: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what accuracy costs in latency, where that was measured."""
    if objective:
        yield "latency_limit_ms", objective.get("latency_limit_ms")
        yield "front_size", len(objective.get("front") or ())
        yield "configurations_within_limit", objective.get("within")
    for entry in objective.get("confirmed") or ():
        if entry.get("chosen"):
            yield "confirmed_latency_ms", entry.get("latency_ms")


def _section(stem: str, domain: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if name == "interval":
            yield from _bounds(f"{stem}_accuracy_{domain}", value)
        else:
            yield f"{stem}_{name}_{domain}", value


def _bounds(stem: str, interval: Any) -> Iterator[tuple[str, Any]]:
    if interval is not None:
        yield f"{stem}_low", interval[0]
        yield f"{stem}_high", interval[1]
