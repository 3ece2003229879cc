"""The page's tables on parameters: which moved, and what each mattered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.comparison import words
from automl.comparison.tables import Table

Json = Mapping[str, Any]

_SHOWN = 15


def moved(found: Json) -> Table | None:
    """The parameters that differ between the confirmed configurations."""
    rows = found["moved"]
    if not rows:
        return None
    confirmed = [search["key"] for search in found["searches"] if search["confirmed"]]
    columns = words.columns(rows, found, confirmed)
    return Table(
        ("", *(head for head, _ in columns)),
        tuple(
            (_name(row["parameter"]), *(words.value(row["values"], key) for _, key in columns))
            for row in rows
        ),
        caption="Parameters that moved between the confirmed configurations",
    )


def importance(found: Json) -> Table | None:
    """Each parameter's share by group, the largest first."""
    groups = {key: one["shares"] for key, one in found["importance"].items() if one["shares"]}
    if not groups:
        return None
    largest: dict[str, float] = {}
    for shares in groups.values():
        for name, share in shares.items():
            largest[name] = max(share, largest.get(name, share))
    names = sorted(largest, key=lambda name: -largest[name])[:_SHOWN]
    rows = tuple(
        (_name(name), *(words.share(s.get(name)) for s in groups.values())) for name in names
    )
    return Table(("", *groups), rows, 1)


def trust(found: Json) -> list[str]:
    """How far each group's importances can be trusted, a line a group."""
    return [f"{key}: {words.importance_note(one)}." for key, one in found["importance"].items()]


def _name(parameter: str) -> str:
    return parameter.replace("_", " ")
