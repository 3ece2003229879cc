"""What searches with ``objective=accuracy_latency`` found within their limit, and beyond it."""

from __future__ import annotations

from typing import Any

from automl import selection
from automl.comparison.configurations import confirmed
from automl.comparison.source import Source

Json = dict[str, Any]


def latency(source: Source) -> Json | None:
    """Return the latencies of what a search found; None where it measured none.

    Returns:
        ``limit_ms`` (None for no limit); ``within`` and ``beyond``, numbers of configurations; and
        ``incumbent`` and ``confirmed``, None where there is none or its latency is not known:
        ``latency_ms`` (of the confirmed one the median over its seeds, which ``seeds_ms`` lists)
        and ``within``, by which the search ranks them.
    """
    traded = source.results.get("objective")
    if traded is None:
        return None
    return {
        "limit_ms": traded["latency_limit_ms"],
        "within": traded["within"],
        "beyond": traded["beyond"],
        "incumbent": _incumbent(source, traded),
        "confirmed": _confirmed(source, traded),
    }


def _incumbent(source: Source, traded: Json) -> Json | None:
    entry = _entry(traded["points"], source.results["incumbent"])
    if entry is None:
        return None
    return {"latency_ms": entry["latency_ms"], "within": entry["within"]}


def _confirmed(source: Source, traded: Json) -> Json | None:
    entry = _entry(traded["confirmed"], confirmed(source))
    if entry is None:
        return None
    trials = selection.confirmed(source.state)[entry["configuration_id"]]
    found = [trial.metrics.get("latency_ms") for trial in trials if trial.finished]
    return {
        "latency_ms": entry["latency_ms"],
        "seeds_ms": [value for value in found if value is not None],
        "within": selection.median_excess(trials) == 0.0,
    }


def _entry(entries: list[Json], configuration: Json | None) -> Json | None:
    name = None if configuration is None else configuration["configuration_id"]
    return next((entry for entry in entries if entry["configuration_id"] == name), None)
