"""What configurations will cost, learnt from trials that have finished.

Costs multiply (trees times features), so their logarithm is modelled as a sum over parameters.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import UserError
from automl.formatting import configuration, counted, duration, number, percent
from automl.ledger import Event, plan_event, read_events
from automl.parsing import parse
from automl.settings import LATER, DataSettings
from searchspaces import FiniteParameter, Float, Integer, Space, SpaceError, Subset, sample

if TYPE_CHECKING:
    from automl.planning import Checked

Costs = list[tuple[dict[str, Any], float]]  # configurations and their seconds per unit of budget
_LEDGERS, _LEAST, _DRAWS = 20, 10, 500
_RIDGE = 0.3  # How many trials say of each weight that it is 0.
_FOREIGN = (UserError, OSError, LookupError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True)
class Forecast:
    """Costs of configurations drawn at random, in seconds per unit of budget.

    Half of the trials, each predicted from all others, are off by less than `factor`; `high` is
    the 95th percentile; `over` the share that takes more than `limit` seconds at `budget`, the
    largest of the search; `total_seconds` the plan's wall time if no worker ever waits.
    """

    trials: int
    searches: int
    factor: float
    mean: float
    median: float
    high: float
    dearest: dict[str, Any]
    dearest_seconds: float
    budget: int
    limit: float | None
    over: float | None
    workers: int
    total_seconds: float


def forecast(checked: Checked, name: str) -> Forecast | None:
    """Predict from what has finished of a search and its like; None below ten trials."""
    settings, space = checked.settings, checked.space
    searches = _searches(checked, name)
    known = [cost for costs in searches for cost in costs]
    if len(known) < _LEAST:
        return None
    rows = np.array([_row(space, values) for values, _ in known])
    weights, errors = _fit(rows, np.log([seconds for _, seconds in known]))
    rng = np.random.default_rng(settings.seed)
    drawn = [sample(space, rng) for _ in range(_DRAWS)]
    seconds = np.exp(np.array([_row(space, values) for values in drawn]) @ weights)
    plan, last, limit = checked.algorithm().plan(), settings.confirmation, settings.failures
    budget = max(int(budget) for bracket in plan.brackets for _, budget in bracket.rungs)
    spent = plan.budget_continued if checked.trainable.resumable else plan.budget
    spent += last.configurations * last.seeds * last.budget
    return Forecast(
        trials=len(known),
        searches=len(searches),
        factor=float(np.exp(np.median(np.abs(errors)))),
        mean=float(seconds.mean()),
        median=float(np.median(seconds)),
        high=float(np.quantile(seconds, 0.95)),
        dearest=drawn[int(seconds.argmax())],
        dearest_seconds=float(seconds.max()),
        budget=budget,
        limit=limit.trial_seconds,
        over=limit.trial_seconds and float(np.mean(seconds * budget > limit.trial_seconds)),
        workers=settings.workers,
        total_seconds=float(seconds.mean()) * spent / settings.workers,
    )


def lines(found: Forecast | None, unit: str, *, with_total: bool = True) -> list[str]:
    """Return what a preview says of a forecast.

    Args:
        found: The forecast.
        unit: The budget's, in the plural.
        with_total: Whether to say what the whole search takes.
    """
    if found is None:
        return [f"  cost of a configuration: not known before {_LEAST} trials have finished"]
    each, at = "a configuration", ""
    if found.budget > 1:
        each, at = f"for {counted(1, unit)}", f" at {counted(found.budget, unit)}"
    trials, searches = counted(found.trials, "finished trials"), counted(found.searches, "searches")
    source = f"{trials} of {searches} (within a factor {number(found.factor)} for half of them)"
    mean, high, most = map(duration, (found.mean, found.high, found.dearest_seconds))
    total, workers = duration(found.total_seconds), counted(found.workers, "workers")
    text = [
        f"  predicted from {source}: {mean} {each} in the mean, {high} or less for 95 %",
        f"  the dearest of {_DRAWS} drawn: {most}: {configuration(found.dearest)}",
    ]
    if with_total:
        text.append(f"  in all about {total} with {workers}")
    if found.limit is not None:
        limit = f"failures.trial_seconds={found.limit:g}{at}"
        text.append(f"  {percent(found.over)} of configurations would take longer than {limit}")
    return text


def _searches(checked: Checked, name: str) -> list[Costs]:
    """Return what ledgers have, the search's own and the newest of the others."""
    dated, found = [], []
    for path in checked.settings.runs.glob("*/ledger.jsonl"):
        with suppress(OSError):
            dated.append((path.parent.name == name, path.stat().st_mtime, path))
    for *_, path in sorted(dated)[-_LEDGERS:]:
        with suppress(*_FOREIGN):
            found.append(_read(path, checked))
    return [costs for costs in found if costs]


def _read(path: Path, checked: Checked) -> Costs:
    events, _ = read_events(path)
    settings, config = checked.settings, (plan_event(events) or {})["config"]
    ours, theirs, costs = settings.trainable, config["trainable"], []
    if (
        parse(DataSettings, config["data"], "data") == settings.data
        and (theirs["name"], theirs["options"]) == (ours.name, ours.options)
        and config.get("labels", LATER["labels"]) == settings.labels
        and config["space"]["parameters"].keys() == settings.space["parameters"].keys()
    ):
        for values, seconds in _costs(events, checked.trainable.resumable):
            with suppress(SpaceError):  # Values that this search's space lacks, as under `only`.
                costs.append((checked.space.canonical(values), seconds))
    return costs


def _costs(events: list[Event], resumable: bool) -> Costs:
    """Return the cost of each finished trial, of its last attempt and what that ran itself.

    A trial that took too long counts with what it had taken by then, the least that it costs.
    """
    asked, costs = {}, []
    attempts: dict[int, tuple[float, list[str]]] = {}
    for event in events:
        kind, key = event["event"], event.get("number", -1)
        if kind == "asked":
            asked[key] = event
        elif kind == "started":
            attempts[key] = event["time"], []
        elif kind in ("reported", "noted") and key in attempts:
            attempts[key][1].append(kind)
        elif (kind == "finished" and event["answered_by"] is None) or (
            kind == "failed" and event["status"] == "timed_out" and key in attempts
        ):
            (begin, said), budget = attempts[key], asked[key]["budget"]
            units = said.count("reported") if resumable else budget
            # Only new epochs are reported; a note may say that old ones were run again.
            if event["time"] >= begin and units and (units == budget or "noted" not in said):
                seconds = max(event["time"] - begin, 1e-3)
                costs.append((asked[key]["configuration"], seconds / units))
    return costs


def _row(space: Space, values: dict[str, Any]) -> list[float]:
    """Return the features of a configuration: 1, and some for each parameter."""
    row = [1.0]
    for parameter in space.parameters:
        value, is_active = values.get(parameter.name), parameter.name in values
        if isinstance(parameter, Subset):
            row += [1.0, math.log(len(value))] if value else [0.0, 0.0]
        elif isinstance(parameter, FiniteParameter):
            place = parameter.index(value) if is_active else parameter.size
            row += [float(place == other) for other in range(parameter.size + 1)]
        elif isinstance(parameter, Float | Integer):
            scale = math.log if parameter.log else float
            lower, upper = scale(parameter.lower), scale(parameter.upper)
            unit = (scale(value) - lower) / (upper - lower) if value is not None else 0.0
            row += [float(is_active), unit, unit**2]
    return row


def _fit(rows: Any, targets: Any) -> tuple[Any, Any]:
    """Fit ridge regression to rows (n, features) with no penalty on the first weight.

    Returns:
        Weights (features,), and errors (n,) of the targets, each predicted from all others.
    """
    penalty = math.sqrt(_RIDGE) * np.eye(rows.shape[1])[1:]
    q, r = np.linalg.qr(np.vstack([rows, penalty]))
    mine = q[: len(rows)]
    weights = np.linalg.solve(r, mine.T @ targets)
    return weights, (targets - rows @ weights) / (1.0 - (mine**2).sum(axis=1))
