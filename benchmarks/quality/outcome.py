"""One search of one method on one surface, in the numbers that are compared."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.quality.meter import Trace
from benchmarks.quality.methods import METHODS
from benchmarks.quality.selection import area, regret_curve
from benchmarks.quality.surfaces import SURFACES


@dataclass(frozen=True)
class Outcome:
    """What came of a search.

    Attributes:
        surface: Name of the surface.
        method: Name of the method.
        seed: Seed of surface and search.
        total: Budget that the search could spend.
        spent: Budget that it did spend.
        regret: True regret of the last incumbent.
        area: Mean of the incumbent's true regret over the total budget.
        evaluations: Losses that the search was told, failures included.
        failures: Evaluations that diverged.
        model_share: Share of the drawn configurations that came from a model; None: not known.
        saved: Budget that continued promotions did not spend.
        seconds: CPU time of the search, an earlier one included.
    """

    surface: str
    method: str
    seed: int
    total: int
    spent: int
    regret: float
    area: float
    evaluations: int
    failures: int
    model_share: float | None
    saved: int
    seconds: float


def run(surface_name: str, method_name: str, seed: int, total: int) -> list[Outcome]:
    """Search once; two outcomes where the method's incumbent is reported by two rules."""
    surface = SURFACES[surface_name].draw(seed)
    method = METHODS[method_name]
    begin = time.process_time()
    trace = method.search(surface, seed, total)
    seconds = time.process_time() - begin

    def outcome(name: str, any_budget: bool) -> Outcome:
        curve = regret_curve(trace, surface, any_budget=any_budget)
        return Outcome(
            surface=surface_name,
            method=name,
            seed=seed,
            total=total,
            spent=trace.spent,
            regret=curve[-1][1],
            area=area(curve, total),
            evaluations=len(trace.evaluations),
            failures=_failures(trace),
            model_share=trace.model_share,
            saved=trace.saved,
            seconds=seconds,
        )

    outcomes = [outcome(method_name, any_budget=False)]
    if method.any_budget_name is not None:
        outcomes.append(outcome(method.any_budget_name, any_budget=True))
    return outcomes


def _failures(trace: Trace) -> int:
    return sum(evaluation.loss is None for evaluation in trace.evaluations)
