"""What each hyperparameter mattered to the search, for the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.formatting import counted, quantity
from automl.report.access import mapping, real, rows

_USED = 1000
"""Trials of which a forest grows in a second or two; of more, evenly spaced ones are used."""
_SHOWN = 15


@dataclass(frozen=True)
class Importances:
    """The table of importances.

    Attributes:
        trust: how many trials it rests on and how well they are explained, or why there is none.
        rows: (parameter, share of the variance), the largest first.
    """

    trust: str
    rows: tuple[tuple[str, str], ...]


def importances(results: Mapping[str, Any]) -> Importances:
    """Permutation importance of the parameters; see ``automl.importance``."""
    trials = [
        trial
        for trial in rows(results, "finished_trials")
        if real(trial, "validation_accuracy") is not None and real(trial, "budget") is not None
    ]
    count = len(trials)
    if count > _USED:
        trials = [trials[place * count // _USED] for place in range(_USED)]
    # Here alone: scikit-learn takes a second to import, which few trials need not wait for.
    from automl.importance import importance

    one = importance(
        [mapping(trial, "configuration") for trial in trials],
        [real(trial, "budget") or 0.0 for trial in trials],
        [real(trial, "validation_accuracy") or 0.0 for trial in trials],
    )
    known = counted(one.n, "finished trials")
    if count > one.n:
        known += f", evenly spaced ones of {quantity(count)}"
    if one.r2 is not None:
        known += f"; out-of-bag R² {_two(one.r2)}"
    shares = sorted(one.shares.items(), key=lambda item: -item[1])[:_SHOWN]
    return Importances(
        trust=f"{known}; {one.note}." if one.note else f"{known}.",
        rows=tuple((name.replace("_", " "), _two(value)) for name, value in shares),
    )


def _two(value: float) -> str:
    # There is no minus before nothing.
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
