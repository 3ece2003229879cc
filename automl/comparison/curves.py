"""The incumbent over what was spent: trials, budget and time; pooled over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from automl.comparison.groups import Group
from automl.comparison.source import Source
from automl.elapsed import worked
from automl.state import SEARCH, rank

Json = dict[str, Any]

AXES = ("trials", "budget", "seconds")


class Step(NamedTuple):
    """What was spent when the search ended a trial, and the incumbent's validation accuracy."""

    trials: int
    budget: int
    seconds: float
    accuracy: float


def steps(source: Source) -> list[Step]:
    """Return the changes of a search's incumbent as they came, and the end of its last trial.

    The order is that of the search: a larger budget goes first, then what keeps the limit of
    latency, if there is one, then a higher accuracy. A step down is a change to a larger budget,
    or to a configuration that is nearer to the limit or within it. Seconds count from the plan;
    the time between a kill and its resumption is left out.
    """
    found: list[Step] = []
    now: Step | None = None
    trials = budget = 0
    seconds = 0.0
    best: tuple[float, float, float] | None = None
    shown = 0.0
    for event, step in zip(source.events, worked(source.events), strict=True):
        seconds += step
        trial = source.state.trials.get(event.get("number", -1))
        if trial is None or trial.phase != SEARCH:
            continue
        kind = event["event"]
        budget += kind == "reported"
        if kind not in ("finished", "failed"):
            continue
        trials += 1
        accuracy = event["metrics"].get("validation_accuracy") if kind == "finished" else None
        better = accuracy is not None and (best is None or rank(trial) < best)
        if accuracy is not None and better:
            best, shown = rank(trial), accuracy
        if best is not None:
            now = Step(trials, budget, round(seconds, 3), shown)
            if better:
                found.append(now)
    return found if now is None or now == found[-1] else [*found, now]


def pooled(group: Group) -> Json:
    """Return the median of a group's incumbents over seeds, and their range, by axis.

    Each axis has ``x``, ``median``, ``low`` and ``high`` (lowest and highest, None for one seed).
    The curve begins where every seed has an incumbent; a search that has ended keeps its own.
    """
    curves = [curve for curve in map(steps, group.sources) if curve]
    return {axis: _over(curves, place) for place, axis in enumerate(AXES)} if curves else {}


def _over(curves: Sequence[Sequence[Step]], place: int) -> Json:
    begin = max(float(curve[0][place]) for curve in curves)
    points = {float(step[place]) for curve in curves for step in curve}
    x = sorted({begin} | {point for point in points if point >= begin})
    values = np.array([[_at(curve, place, point) for point in x] for curve in curves])
    several = len(curves) > 1
    return {
        "x": x,
        "median": np.median(values, axis=0).tolist(),
        "low": values.min(axis=0).tolist() if several else None,
        "high": values.max(axis=0).tolist() if several else None,
        "seeds": len(curves),
    }


def _at(curve: Sequence[Step], place: int, point: float) -> float:
    """The incumbent's accuracy when so much was spent: that of the last step up to there."""
    accuracy = curve[0].accuracy
    for step in curve:
        if step[place] > point:
            break
        accuracy = step.accuracy
    return accuracy
