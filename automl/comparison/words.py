"""What both the terminal and the page write, in the same words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import mean
from typing import Any

from automl.comparison.accuracy import LEAST_SEEDS, NOT_RECORDED, NOT_THE_SAME, OTHER_CLASSES
from automl.comparison.differences import LIMIT
from automl.formatting import (
    MISSING,
    counted,
    duration,
    number,
    percent,
    percent_interval,
    quantity,
)
from automl.report.evaluation import errors_of

Json = Mapping[str, Any]

_REASONS = {
    NOT_RECORDED: "not recorded: its ledger is older than the record of each image's class",
    NOT_THE_SAME: "not tested: not the same images",
    OTHER_CLASSES: "not tested: they tell other classes apart there (labels)",
}
OTHER_DATA = "other data"

_LEAST_P = 1e-4
_SIGNIFICANT = 0.05


def p_value(p: float | None) -> str:
    """A p-value to three digits, small ones as ``< 0.0001``."""
    if p is None:
        return MISSING
    return f"< {_LEAST_P:.4f}" if p < _LEAST_P else f"{p:.3f}" if p >= 0.001 else f"{p:.4f}"


def points(difference: float | None) -> str:
    """A difference of two accuracies in percentage points, with its sign."""
    if difference is None:
        return MISSING
    rounded = round(100 * difference, 2)
    return f"{rounded:+.2f}".replace("-", "−") if rounded else "0.00"


def points_interval(difference: float | None, interval: Any) -> str:
    """A difference with its interval: ``+1.25 (−0.50 to +3.00)``."""
    if interval is None:
        return points(difference)
    return f"{points(difference)} ({points(interval[0])} to {points(interval[1])})"


def share(value: float | None) -> str:
    """An importance to two digits; there is no minus before nothing."""
    return MISSING if value is None else f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def validation(found: Json) -> str:
    """A warning where validation accuracies are of other images or classes, else nothing."""
    rest = "validation accuracies of one are not those of another."
    selected = {(search["data_digest"], search["select"]) for search in found["searches"]}
    if len(selected) > 1:
        return f"The searches have different validation images: {rest}"
    if len({search["labels"] for search in found["searches"]}) > 1:
        return f"The searches tell different classes apart (labels): {rest}"
    return ""


def smoke(found: Json) -> str:
    """A warning where a search was no more than a smoke test, else nothing."""
    keys = [search["key"] for search in found["searches"] if search["scale"] == "smoke"]
    if not keys:
        return ""
    return f"A smoke test's numbers mean nothing: {', '.join(keys)} ran at scale=smoke."


def right_alone(row: Json) -> str:
    """The images that one of two alone classifies rightly, in the order of the difference."""
    return f"{row['b']} {row['only_b']}, {row['a']} {row['only_a']}"


def verdicts(found: Json) -> list[str]:
    """Of two searches a sentence a domain: which is right more often, and whether by chance.

    Nothing for more than two, whose pairs only a table holds.
    """
    if len(found["searches"]) > 2:
        return []
    return [_verdict(row) for row in found["pairs"] if row["reason"] is None]


def _verdict(row: Json) -> str:
    where = f"{row['domain'].replace('_', ' ')} test images"
    if not row["difference"]:
        return f"{where}: {row['a']} and {row['b']} are right equally often."
    better, other = (row["b"], row["a"]) if row["difference"] > 0 else (row["a"], row["b"])
    size = f"{points(abs(row['difference'])).lstrip('+')} points"
    sure = "beyond chance" if row["p_holm"] < _SIGNIFICANT else "chance alone may do that"
    p = p_value(row["p_holm"])
    return (
        f"{where}: {better} is right more often than {other} by {size}; {sure} "
        f"(McNemar test, Holm: p {p if p.startswith('<') else f'= {p}'})."
    )


def each(values: Mapping[str, Any], write: Callable[[Any], str] = str) -> str:
    """What each of two groups has: ``B 3.0, A 8.0``."""
    return ", ".join(f"{key} {write(value)}" for key, value in values.items())


def errors(found: Json) -> list[tuple[str, str, str, str]]:
    """Hits missed and false alarms of each search by domain: (domain, key, missed, false)."""
    return [
        (domain, search["key"], *(value for _, value in known))
        for domain in found["domains"]
        for search in found["searches"]
        if (entry := entry_of(search, domain)) is not None and (known := errors_of(entry))
    ]


def over_seeds(found: Json) -> list[str]:
    """Of each search over several seeds the mean test accuracies; then when they are tested.

    Nothing where no search has several.
    """
    lines = [line for group in found["groups"] if (line := _mean_of(group, found))]
    few = [group["key"] for group in found["groups"] if len(group["seeds"]) < LEAST_SEEDS]
    if lines and few:
        have = "has" if len(few) == 1 else "have"
        lines.append(
            f"A group of seeds has a mean; whether two groups differ beyond chance is tested where "
            f"both have {LEAST_SEEDS} seeds or more ({', '.join(few)} {have} fewer)."
        )
    return lines


def _mean_of(group: Json, found: Json) -> str:
    own = [search for search in found["searches"] if search["key"] in group["searches"]]
    tested = [search for search in own if search["evaluation"]]
    means = []
    for domain in found["domains"]:
        # Seeds of one search have the same images, and with them the same domains.
        entries = [entry for search in tested if (entry := entry_of(search, domain)) is not None]
        if len(entries) == len(tested) > 1:
            share = percent(mean(entry["accuracy"] for entry in entries))
            means.append(f"{domain.replace('_', ' ')} {share}")
    head = f"{group['key']}, mean test accuracy over {len(tested)} seeds"
    return f"{head}: {', '.join(means)}." if means else ""


def reason(why: str | None) -> str:
    """Why two searches' accuracies are not tested."""
    return _REASONS.get(why or "", why or "")


def value(values: Json, key: str, longest: int = 28) -> str:
    """A search's value among ``values``, cut where it is longer than ``longest`` characters."""
    text = number(values[key]) if key in values else MISSING
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def differing(row: Json, key: str, longest: int = 28) -> str:
    """A search's value in a row of ``differences``; a limit of latency with all its digits."""
    limit = row["values"].get(key)
    if row["key"] == LIMIT and limit is not None:
        return f"{limit:g} ms"
    return value(row["values"], key, longest)


def accuracy(entry: Json | None) -> str:
    """A domain's test accuracy with its Wilson interval."""
    if entry is None:
        return MISSING
    return percent_interval(entry["accuracy"], entry["interval"], entry["n"])


def entry_of(search: Json, domain: str) -> Json | None:
    """A search's evaluation on a domain, if it has one."""
    return next((entry for entry in search["evaluation"] if entry["domain"] == domain), None)


COST = (
    *("trials (failed)", "budget spent", "wall time of the search", "wall time in all"),
    "worker time",
)


def printed(row: Json) -> str:
    """An accuracy as the paper prints it, with its interval where there is one."""
    shown = f"{100 * row['accuracy']:.2f} %"
    if row["interval"] is None:
        return shown
    low, high = row["interval"]
    return f"{shown} ({100 * low:.1f}–{100 * high:.1f})"


def cost(search: Json) -> list[str]:
    """What a search cost, under the heads of ``COST``."""
    spent = search["cost"]
    return [
        f"{quantity(spent['trials'])} ({quantity(spent['failed'])})",
        counted(spent["budget"], spent["budget_unit"]),
        duration(spent["search_seconds"]),
        duration(spent["total_seconds"]),
        f"{duration(spent['worker_seconds'])} of {counted(spent['workers'], 'workers')}",
    ]


def columns(rows: Sequence[Json], found: Json, keys: Sequence[str]) -> list[tuple[str, str]]:
    """The columns that rows of values need: (head, key of a search whose values stand there).

    One for a whole group where its searches have equal values in every row.

    Args:
        rows: with ``values`` by the search's key.
        found: compare.json.
        keys: the searches that have values.
    """
    wanted: list[tuple[str, str]] = []
    for group in found["groups"]:
        own = [key for key in group["searches"] if key in keys]
        seen = {repr([row["values"].get(key, MISSING) for row in rows]) for key in own}
        shared = len(seen) == 1 and len(own) == len(group["searches"])
        wanted += [(group["key"], own[0])] if shared else [(key, key) for key in own]
    return wanted


def importance_note(one: Json) -> str:
    """How far an importance can be trusted, with n and R²."""
    known = f"{quantity(one['n'])} trials"
    if one["r2"] is not None:
        known += f", out-of-bag R² {one['r2']:.2f}"
    return f"{known}; {one['note']}" if one["note"] else known
