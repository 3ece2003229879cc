"""Accuracy against latency: the front of a search, for the page and for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.formatting import configuration, counted, percent, quantity
from automl.report.access import budget_unit, mapping, real, rows, spoken_for, text

_SHOWN = 12
"""Lines of the terminal; the page has all of them."""


@dataclass(frozen=True)
class FrontRow:
    """A configuration that no other one beats in both."""

    identifier: str
    accuracy: str
    latency: str
    rate: str
    budget: str
    limit: str
    text: str


@dataclass(frozen=True)
class Pareto:
    """The front; no rows where latency was not measured."""

    unit: str
    words: str
    rows: tuple[FrontRow, ...]


def pareto(results: Mapping[str, Any]) -> Pareto:
    """What accuracy costs in latency, for the page."""
    section = mapping(results, "objective")
    front = tuple(_row(one) for one in rows(section, "front") if real(one, "latency_ms"))
    size = mapping(results, "data").get("image_shape") or ()
    return Pareto(budget_unit(results), _words(section, len(front), size), front)


def front_lines(results: Mapping[str, Any]) -> list[str]:
    """Return what the terminal says at the end; nothing where latency was not measured."""
    found = pareto(results)
    if not found.rows:
        return []
    shown = [
        f"  {row.accuracy:>7}  {row.latency:>10}  {row.rate:>14}  {row.text}{_mark(row)}"
        for row in found.rows[:_SHOWN]
    ]
    more = len(found.rows) - len(shown)
    if more:
        shown.append(f"  and {more} more in the report")
    return [f"Accuracy and latency of one image, {found.words}:", *shown]


def chosen_latency(results: Mapping[str, Any]) -> str:
    """The latency of what the report speaks for; empty where it was not measured."""
    section, chosen = mapping(results, "objective"), spoken_for(results)
    # A confirmed one has the median over its seeds there, any other its trial's.
    for one in (*rows(section, "confirmed"), *rows(section, "points")):
        latency = real(one, "latency_ms")
        if latency is not None and one.get("configuration_id") == chosen.get("configuration_id"):
            return _milliseconds(latency)
    return ""


def _words(section: Mapping[str, Any], front: int, size: Sequence[float]) -> str:
    within, beyond = real(section, "within") or 0, real(section, "beyond") or 0
    words = f"{quantity(front)} on the front, of {counted(within + beyond, 'configurations')}"
    limit = real(section, "latency_limit_ms")
    if limit is not None:
        words += f", {quantity(within)} of them within the limit of {limit:g} ms"
    if size:
        words += f", timed on images of {size[0]:g} × {size[1]:g}"
    confirmed = [one for one in rows(section, "confirmed") if one.get("chosen")]
    if confirmed and (latency := real(confirmed[0], "latency_ms")) is not None:
        words += f"; the chosen model takes {_milliseconds(latency)}"
    return words


def _row(one: Mapping[str, Any]) -> FrontRow:
    latency = real(one, "latency_ms") or 0.0
    return FrontRow(
        identifier=text(one, "configuration_id")[:8],
        accuracy=percent(real(one, "validation_accuracy")),
        latency=_milliseconds(latency),
        rate=f"{1e3 / latency:,.0f} images/s",
        budget=quantity(real(one, "budget")),
        limit="within" if one.get("within") else "beyond",
        text=configuration(mapping(one, "configuration")),
    )


def _milliseconds(value: float) -> str:
    return f"{value:,.2f} ms"


def _mark(row: FrontRow) -> str:
    return "" if row.limit == "within" else "  (beyond the limit)"
