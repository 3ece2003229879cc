"""Outcomes over seeds: what each method reached, and how pairs of methods differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.quality.comparison import Difference, Mean, mean_of, paired
from benchmarks.quality.methods import COMPARISONS
from benchmarks.quality.outcome import Outcome

MEASURES = ("regret", "area")


@dataclass(frozen=True)
class Row:
    """A method on a surface, over its seeds.

    Attributes:
        surface: Name of the surface.
        method: Name of the method.
        regret: Final true regret.
        area: Mean of the true regret over the budget.
        evaluations: Mean number of evaluations.
        failures: Share of the evaluations that diverged.
        model_share: Mean share of model-based draws; None: not known.
        saved: Share of the budget from scratch that continuing did not spend.
        unspent: Share of the budget that was left.
        seconds: Mean CPU seconds of a search.
    """

    surface: str
    method: str
    regret: Mean
    area: Mean
    evaluations: float
    failures: float
    model_share: float | None
    saved: float
    unspent: float
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """One method against another on one surface, by one measure."""

    surface: str
    ours: str
    theirs: str
    measure: str
    difference: Difference


def rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """Summarise each method on each surface, in the order of the outcomes."""
    return [_row(surface, method, group) for (surface, method), group in _grouped(outcomes).items()]


def comparisons(outcomes: Sequence[Outcome]) -> list[Comparison]:
    """Compare the pairs of `COMPARISONS` that a surface has, seed by seed."""
    groups = _grouped(outcomes)
    return [
        Comparison(
            surface,
            ours,
            theirs,
            measure,
            paired(*(_by_seed(groups[surface, name], measure) for name in (ours, theirs))),
        )
        for surface in dict.fromkeys(outcome.surface for outcome in outcomes)
        for ours, theirs in COMPARISONS
        if (surface, ours) in groups and (surface, theirs) in groups
        for measure in MEASURES
    ]


def document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything, as plain containers."""
    return {
        "outcomes": [asdict(outcome) for outcome in outcomes],
        "rows": [asdict(row) for row in rows(outcomes)],
        "comparisons": [asdict(comparison) for comparison in comparisons(outcomes)],
    }


def _grouped(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], list[Outcome]]:
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.surface, outcome.method), []).append(outcome)
    return groups


def _by_seed(group: Sequence[Outcome], measure: str) -> list[float]:
    return [getattr(outcome, measure) for outcome in sorted(group, key=lambda each: each.seed)]


def _row(surface: str, method: str, group: Sequence[Outcome]) -> Row:
    shares = [outcome.model_share for outcome in group if outcome.model_share is not None]
    spent, saved = sum(o.spent for o in group), sum(o.saved for o in group)
    evaluations = sum(o.evaluations for o in group)
    return Row(
        surface=surface,
        method=method,
        regret=mean_of(_by_seed(group, "regret")),
        area=mean_of(_by_seed(group, "area")),
        evaluations=evaluations / len(group),
        failures=sum(o.failures for o in group) / evaluations,
        model_share=sum(shares) / len(shares) if shares else None,
        saved=saved / (spent + saved),
        unspent=1 - spent / sum(o.total for o in group),
        seconds=sum(o.seconds for o in group) / len(group),
    )
