"""The configurations that searches found, which parameters moved, and what these mattered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl import selection
from automl.comparison.groups import Group, keyed
from automl.comparison.source import Source
from automl.state import SEARCH

Json = dict[str, Any]

INACTIVE = "inactive"


def confirmed(source: Source) -> Json | None:
    """Return the confirmed configuration: the one chosen, before that the best one; or None.

    The best has the highest mean; what keeps a limit of latency goes before what does not.
    """
    entries = source.results["confirmation"]
    trials = selection.confirmed(source.state)
    beyond = {name: selection.median_excess(of_one) for name, of_one in trials.items()}
    ranked = sorted(entries, key=lambda one: (beyond[one["configuration_id"]], -one["mean"]))
    best = next((entry for entry in entries if entry["chosen"]), next(iter(ranked), None))
    if best is None:
        return None
    kept = ("configuration_id", "configuration", "budget", "mean", "interval", "chosen")
    return {key: best[key] for key in kept} | {"seeds": len(best["seeds"])}


def moved(groups: Sequence[Group]) -> list[Json]:
    """Return the parameters that differ between the searches' confirmed configurations.

    Returns:
        A row each: ``parameter`` and ``values`` by the search's key: ``inactive`` where the
        configuration does not have it, and no value where the space does not. A parameter that no
        configuration has is none that moved. A search without a confirmed configuration is left
        out.
    """
    searches = [(key, source) for key, source in keyed(groups) if confirmed(source) is not None]
    found = {key: _complete(source) for key, source in searches}
    rows = []
    for name in dict.fromkeys(name for configuration in found.values() for name in configuration):
        values = {key: one[name] for key, one in found.items() if name in one}
        absent = all(value == INACTIVE for value in values.values())
        differs = len(values) < len(found) or len({repr(value) for value in values.values()}) > 1
        if differs and not absent:
            rows.append({"parameter": name, "values": values})
    return rows


def importances(groups: Sequence[Group]) -> dict[str, Json]:
    """Return how much each parameter mattered, by the group's key; its seeds' trials together.

    Trials that failed are left out, and so are those answered by an equal one.
    """
    # Here alone: scikit-learn takes a second to import.
    from automl.importance import importance

    found = {}
    for group in groups:
        trials = [
            trial
            for source in group.sources
            for trial in source.state.phase(SEARCH)
            if trial.accuracy is not None and trial.answered_by is None
        ]
        one = importance(
            [trial.configuration for trial in trials],
            [float(trial.budget) for trial in trials],
            [trial.accuracy or 0.0 for trial in trials],
        )
        shares = {name: round(share, 4) for name, share in one.shares.items()}
        ordered = dict(sorted(shares.items(), key=lambda item: -item[1]))
        r2 = None if one.r2 is None else round(one.r2, 4)
        found[group.key] = {"n": one.n, "r2": r2, "shares": ordered, "note": one.note}
    return found


def _complete(source: Source) -> dict[str, Any]:
    """The confirmed configuration with every parameter of the space, inactive ones too."""
    best = (confirmed(source) or {})["configuration"]
    space: Mapping[str, Any] = source.plan["config"]["space"].get("parameters") or {}
    seen = (name for trial in source.state.trials.values() for name in trial.configuration)
    return {name: best.get(name, INACTIVE) for name in dict.fromkeys((*best, *space, *seen))}
