"""What a search cost: trials, budget, and the time of the clock and of its workers."""

from __future__ import annotations

from typing import Any

from automl.comparison.source import Source
from automl.elapsed import worked

Json = dict[str, Any]

_ENDS = ("finished", "failed", "lost")


def cost(source: Source) -> Json:
    """Return trials, budget, wall seconds and worker-seconds of a search.

    Worker-seconds are of all trials, confirmation included, from ``started`` to their end as the
    driver saw them; what a kill cut off counts up to the last line before it.
    """
    counts, times = source.results["trials"], source.results["times"]
    return {
        "trials": counts["finished"] + sum(counts["failed"].values()),
        "failed": sum(counts["failed"].values()),
        "budget": counts["budget_spent"],
        "budget_unit": source.results["budget_unit"],
        "search_seconds": times["search_seconds"],
        "total_seconds": times["total_seconds"],
        "worker_seconds": round(_worker_seconds(source), 1),
        "workers": source.results["workers"],
    }


def _worker_seconds(source: Source) -> float:
    running: set[int] = set()
    total = 0.0
    for event, step in zip(source.events, worked(source.events), strict=True):
        total += step * len(running)
        kind = event["event"]
        if kind == "started":
            running.add(event["number"])
        elif kind in _ENDS:
            running.discard(event["number"])
        elif kind == "resumed":
            running.clear()
    return total
