"""Which configuration a search would hand out, and how far it is from the optimum."""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmarks.quality.meter import Evaluation, Trace
from benchmarks.quality.surface import Configuration, Surface


def best_configurations(trace: Trace, count: int) -> list[Configuration]:
    """The best different configurations, as `automl.state.best_first` ranks them.

    A larger budget goes before a lower loss, an earlier evaluation before an equal later one.
    """
    finished = [e for e in trace.evaluations if e.loss is not None]
    ranked = sorted(finished, key=lambda e: (-e.budget, _loss(e)))
    chosen: list[Configuration] = []
    for evaluation in ranked:
        if evaluation.configuration not in chosen:
            chosen.append(evaluation.configuration)
    return chosen[:count]


def incumbents(trace: Trace, *, any_budget: bool = False) -> Iterator[Evaluation]:
    """Each evaluation that became the incumbent, in order.

    Args:
        trace: A search.
        any_budget: Whether the lowest loss counts whatever its budget, as Ray's
            `ResultGrid.get_best_result` has it; else the lowest at the largest budget seen, as
            `automl` has it.
    """
    best: Evaluation | None = None
    for evaluation in trace.evaluations:
        if evaluation.loss is None:
            continue
        if best is None or _rank(evaluation, any_budget) < _rank(best, any_budget):
            best = evaluation
            yield evaluation


def regret_curve(
    trace: Trace, surface: Surface, *, any_budget: bool = False
) -> list[tuple[int, float]]:
    """The incumbent's true regret, as (budget spent, regret from there on), from 0 spent.

    Regret is the noise-free loss at the largest budget minus the optimum. Until a search has an
    incumbent it is that of the space's default configuration.
    """
    default = surface.truth(surface.space.default_configuration()) - surface.optimum
    return [
        (0, default),
        *(
            (evaluation.spent, surface.truth(evaluation.configuration) - surface.optimum)
            for evaluation in incumbents(trace, any_budget=any_budget)
        ),
    ]


def area(curve: list[tuple[int, float]], total: int) -> float:
    """The mean of a regret curve over the budget from 0 to the total."""
    ends = [spent for spent, _ in curve[1:]] + [total]
    parts = ((end - begin) * regret for (begin, regret), end in zip(curve, ends, strict=True))
    return math.fsum(parts) / total


def _rank(evaluation: Evaluation, any_budget: bool) -> tuple[float, float]:
    return (0 if any_budget else -evaluation.budget, _loss(evaluation))


def _loss(evaluation: Evaluation) -> float:
    assert evaluation.loss is not None, "only finished evaluations are ranked"
    return evaluation.loss
