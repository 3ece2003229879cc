"""What trainables had to say of their trials, the most frequent first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.formatting import quantity
from automl.report.access import rows, text, whole

_MOST = 10


@dataclass(frozen=True)
class Note:
    """One note: of how many trials, and whether of the configuration the report speaks for."""

    text: str
    trials: str
    chosen: bool


def notes(results: Mapping[str, Any]) -> tuple[Note, ...]:
    """The notes of a search, for the page; the chosen configuration's before all others."""
    found = sorted(
        rows(results, "notes"),
        key=lambda one: (bool(one.get("chosen")), whole(one, "trials") or 0),
        reverse=True,
    )
    return tuple(
        Note(text(one, "text"), quantity(whole(one, "trials")), bool(one.get("chosen")))
        for one in found[:_MOST]
    )
