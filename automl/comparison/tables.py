"""The tables of a comparison's page: what compare.json says, written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.comparison import latency_words, words
from automl.comparison.differences import KINDS
from automl.formatting import (
    MISSING,
    configuration_words,
    counted,
    mean_over_seeds,
    percent,
)
from automl.report.evaluation import FALSE, MISSED

Json = Mapping[str, Any]

_LONG = 120
_DIGEST = 13
_TEXT = 99


@dataclass(frozen=True)
class Table:
    """Cells as text; the columns from ``numbers`` to ``words`` are flush right and unbroken."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int = _TEXT
    words: int = _TEXT
    caption: str = ""


def searches(found: Json) -> Table:
    """Which search each key stands for."""
    head = ("", "search", "algorithm", "trainable", "space", "scale", "selected on", "seed", "")
    rows = [
        (
            one["key"],
            one["name"],
            one["algorithm"],
            one["trainable"],
            one["space"],
            one["scale"],
            _selected(one),
            str(one["seed"]),
            "" if one["closed"] else "not ended",
        )
        for one in found["searches"]
    ]
    return Table(head, tuple(rows))


def differences(found: Json) -> list[tuple[str, Table]]:
    """What differs, a table for each kind of difference."""
    keys = _keys(found)
    tables = []
    for kind, title in KINDS.items():
        longest = _DIGEST if kind == "data" else _LONG
        own = [row for row in found["differences"] if row["kind"] == kind]
        columns = words.columns(own, found, keys)
        rows = tuple(
            (row["key"], *(words.differing(row, key, longest) for _, key in columns)) for row in own
        )
        if rows:
            tables.append((title, Table(("", *(head for head, _ in columns)), rows)))
    return tables


def best(found: Json) -> Table:
    """Incumbent and confirmed configuration of each search; latencies where some are known."""
    timed = latency_words.measured(found)
    rows: list[tuple[str, ...]] = []
    for one in found["searches"]:
        incumbent, chosen = one["incumbent"], one["confirmed"]
        if incumbent is None:
            rows.append((one["key"], "no trial finished", "", *([""] * timed), ""))
            continue
        after = counted(incumbent["budget"], one["cost"]["budget_unit"])
        share = f"{percent(incumbent['validation_accuracy'])} after {after}"
        latency = [latency_words.cell(one, "incumbent")] * timed
        text = configuration_words(incumbent["configuration"])
        rows.append((one["key"], "incumbent", share, *latency, text))
        if chosen is not None:
            mean = mean_over_seeds(chosen["mean"], chosen["interval"])
            shown = f"{mean}, {counted(chosen['seeds'], 'seeds')}"
            text = configuration_words(chosen["configuration"])
            latency = [latency_words.cell(one, "confirmed")] * timed
            rows.append((one["key"], "confirmed", shown, *latency, text))
    caption = "Validation accuracy; confirmed: mean over seeds with its 80 % interval"
    if timed:
        caption += (
            ". Latency of one image on the search's machine; confirmed: median, range over seeds"
        )
    head = ("", "", "validation accuracy", *(["latency"] * timed), "configuration")
    return Table(head, tuple(rows), 2, 3 + timed, caption)


def accuracies(found: Json) -> Table | None:
    """Test accuracies by search and domain."""
    domains = found["domains"]
    if not domains:
        return None
    rows = []
    for one in found["searches"]:
        entries = [words.entry_of(one, domain) for domain in domains]
        rows.append((one["key"], *(_with_count(entry) for entry in entries)))
    head = ("", *(domain.replace("_", " ") for domain in domains))
    return Table(
        head, tuple(rows), 1, caption="Accuracy with its 95 % interval (Wilson), images right"
    )


def errors(found: Json) -> Table | None:
    """Hits missed and false alarms of each search, by domain."""
    rows = tuple((domain.replace("_", " "), *rest) for domain, *rest in words.errors(found))
    caption = "Hits (images with diffraction) missed, and false alarms, 95 % intervals (Wilson)"
    return Table(("domain", "", MISSED, FALSE), rows, 2, caption=caption) if rows else None


def pairs(found: Json) -> Table | None:
    """The paired tests."""
    rows = tuple(
        (
            row["domain"].replace("_", " "),
            row["pair"].replace(" ", "\u00a0"),
            words.points_interval(row["difference"], row["interval"]),
            words.right_alone(row),
            words.p_value(row["p"]),
            words.p_value(row["p_holm"]),
        )
        for row in found["pairs"]
        if row["reason"] is None
    )
    head = ("domain", "pair", "points (95 %)", "right alone", "p (McNemar)", "p (Holm)")
    return Table(head, rows, 2) if rows else None


def untested(found: Json) -> list[str]:
    """Why pairs were not tested, a line for each reason."""
    lines = []
    for why in dict.fromkeys(row["reason"] for row in found["pairs"] if row["reason"]):
        own = [row for row in found["pairs"] if row["reason"] == why]
        named = dict.fromkeys(f"{row['a']} and {row['b']}" for row in own)
        lines.append(f"Paired test of {', '.join(named)}: {words.reason(why)}.")
    return lines


def ranks(found: Json) -> Table | None:
    """The tests over seeds."""
    rows = tuple(
        (
            row["domain"].replace("_", " "),
            f"{row['b']} over {row['a']}",
            words.each(row["seeds"]),
            words.each(row["median"], percent),
            words.each(row["mean_rank"], "{:.1f}".format),
            f"{row['superiority']:.2f}",
            words.p_value(row["p"]),
            words.p_value(row["p_holm"]),
        )
        for row in found["ranks"]
    )
    head = (
        *("domain", "pair", "seeds", "median", "mean rank"),
        *("chance of above", "p (Mann-Whitney)", "p (Holm)"),
    )
    return Table(head, rows, 2) if rows else None


def cost(found: Json) -> Table:
    """What each search cost."""
    rows = tuple((search["key"], *words.cost(search)) for search in found["searches"])
    return Table(("", *words.COST), rows, 1)


def _with_count(entry: Json | None) -> str:
    if entry is None:
        return MISSING
    return f"{words.accuracy(entry)}, {entry['correct']} of {entry['n']}"


def _keys(found: Json) -> Sequence[str]:
    return [search["key"] for search in found["searches"]]


def _selected(one: Json) -> str:
    classes = ", two classes" if one["labels"] == "binary" else ""
    return str(one["select"]).replace("_", " ") + classes
