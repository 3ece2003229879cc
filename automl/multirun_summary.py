"""What a multirun found, as text: a line for each search, and the command that compares them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.command_line import python_command
from automl.formatting import MISSING, counted, duration, percent, percent_interval
from automl.multirun import Ended, Planned

Results = Mapping[str, Any]
_DEFAULT_RUNS = "runs"


def summary(searches: Sequence[Planned], ends: Sequence[Ended], seconds: float) -> str:
    """Return the table of the searches of a multirun.

    Args:
        searches: In the order of their runs.
        ends: How each ended.
        seconds: What the command took.
    """
    found = [
        _results(search) if end.status == "finished" else None
        for search, end in zip(searches, ends, strict=True)
    ]
    lines = ["", f"Multirun: {_tally(ends)}; {duration(seconds)}", ""]
    lines += _table(_overview(searches, ends, found))
    for number, end in enumerate(ends, start=1):
        if end.reason:
            lines.append(f"{number}: {end.reason}")
    lines.append("validation: the confirmed configuration on the domain selected by, mean of seeds")
    domains = list(dict.fromkeys(name for one in found for name in _tests(one)))
    if domains:
        lines += ["", "Test accuracy, 95% interval:"]
        lines += _table([["", *domains], *_accuracies(found, domains)])
        if any(one is not None and one["data"].get("surrogate") for one in found):
            lines.append("(simulated images: real_* is a surrogate, not DiffraNet's real images)")
    lines += ["", "Run folders:"]
    lines += [f"{n}  {_shown(s.settings.runs / s.name)}" for n, s in enumerate(searches, start=1)]
    done = [search for search, one in zip(searches, found, strict=True) if one is not None]
    if len(done) > 1:
        lines += ["", f"Compare: {_compare(done)}"]
    return "\n".join(lines)


def _tally(ends: Sequence[Ended]) -> str:
    total = counted(len(ends), "searches")
    counts = {status: sum(end.status == status for end in ends) for status in _ORDER}
    return f"{total}, " + ", ".join(f"{n} {status}" for status, n in counts.items() if n)


_ORDER = ("finished", "failed", "refused", "stopped", "not begun")


def _results(search: Planned) -> Results | None:
    try:
        values: Results = json.loads(
            (search.settings.runs / search.name / "results.json").read_text()
        )
    except (OSError, ValueError):
        return None
    return values


def _overview(
    searches: Sequence[Planned], ends: Sequence[Ended], found: Sequence[Results | None]
) -> list[list[str]]:
    keys = list(dict.fromkeys(key for search in searches for key in search.words))
    rows = [["", *keys, "status", "validation", "cost"]]
    for number, (search, end, one) in enumerate(zip(searches, ends, found, strict=True), start=1):
        own = [search.words.get(key, MISSING) for key in keys]
        rows.append([str(number), *own, end.status, _validation(one), _cost(one)])
    return rows


def _validation(one: Results | None) -> str:
    chosen = [] if one is None else [entry for entry in one["confirmation"] if entry["chosen"]]
    return percent(chosen[0]["mean"]) if chosen else MISSING


def _cost(one: Results | None) -> str:
    if one is None:
        return MISSING
    counts = one["trials"]
    trials = counts["finished"] + sum(counts["failed"].values())
    parts = [counted(trials, "trials")]
    if counts["budget_spent"] != trials:
        parts.append(counted(counts["budget_spent"], one["budget_unit"]))
    return ", ".join([*parts, duration(one["times"]["total_seconds"])])


def _tests(one: Results | None) -> dict[str, Mapping[str, Any]]:
    evaluation = None if one is None else one["evaluation"]
    return {entry["domain"]: entry for entry in evaluation["domains"]} if evaluation else {}


def _accuracies(found: Sequence[Results | None], domains: Sequence[str]) -> list[list[str]]:
    rows = []
    for number, one in enumerate(found, start=1):
        tests = _tests(one)
        if tests:
            cells = [
                percent_interval(entry["accuracy"], entry["interval"], entry["n"])
                if (entry := tests.get(domain))
                else MISSING
                for domain in domains
            ]
            rows.append([str(number), *cells])
    return rows


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _compare(searches: Sequence[Planned]) -> str:
    words = [search.name for search in searches]
    runs = searches[0].settings.runs
    if runs != Path(_DEFAULT_RUNS).absolute():
        words += ["--runs", _shown(runs)]
    return python_command("automl.compare", words)


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
