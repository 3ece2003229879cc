"""What must hold of a search whatever was done to it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from searches import Event, Search

ENDS = ("finished", "failed")
# Times differ, and the revision of the code may move while these tests run.
ASIDE = ("times", "name", "provenance")
RunKey = tuple[str | None, ...]


def survived(search: Search, like: Search | None, *snapshots: Sequence[Event]) -> None:
    """Check all that holds of a search without tracking.

    Args:
        search: Which was killed or harmed and has come to its end.
        like: The same search that nothing happened to; None where they may differ.
        snapshots: Ledgers as they were when something happened.
    """
    nothing_is_lost(search, snapshots)
    nothing_is_done_twice(search)
    assert search.events()[-1]["event"] == "closed"
    if like is not None:
        assert comparable(search) == comparable(like)


def comparable(search: Search) -> dict[str, Any]:
    """Return the results without what differs between equal searches."""
    return {key: value for key, value in search.results().items() if key not in ASIDE}


def nothing_is_lost(search: Search, snapshots: Iterable[Sequence[Event]]) -> None:
    """Every result of before is there, unchanged; every trial that was asked for has one end."""
    events = search.events()
    ends: dict[int, Event] = {}
    for event in events:
        if event["event"] in ENDS:
            assert event["number"] not in ends, f"trial {event['number']} ended twice"
            ends[event["number"]] = event
    assert ends.keys() == {e["number"] for e in events if e["event"] == "asked"}
    for snapshot in snapshots:
        assert list(snapshot) == events[: len(snapshot)], "what was written has changed"
        for event in snapshot:
            if event["event"] in ENDS:
                assert ends[event["number"]] == event


def nothing_is_done_twice(search: Search) -> None:
    """No epoch is counted twice, and none of an ended trial is computed again."""
    asked = {e["number"]: e for e in search.events() if e["event"] == "asked"}
    reported: Counter[tuple[str, int, int]] = Counter()
    ended: dict[tuple[str, int], list[tuple[int, float]]] = {}
    for event in search.events():
        trial = asked.get(event.get("number", -1))
        if trial is None or event["event"] not in ("reported", *ENDS):
            continue
        work = (json.dumps(trial["configuration"], sort_keys=True), trial["seed"])
        if event["event"] == "reported":
            reported[(*work, event["epoch"])] += 1
        else:
            ended.setdefault(work, []).append((trial["budget"], event["time"]))
    assert not reported or max(reported.values()) == 1, "an epoch was counted twice"
    for configuration, seed, epoch, time in search.computed():
        for budget, end in ended.get((configuration, seed), ()):
            # The ledger's times are rounded to a millisecond.
            late = epoch <= budget and time > end + 0.002
            assert not late, f"epoch {epoch} of {configuration} computed after its trial's end"


def attempts(events: Iterable[Event]) -> Counter[int]:
    """Return how often each trial was taken up."""
    return Counter(event["number"] for event in events if event["event"] == "started")


def statuses(events: Iterable[Event]) -> Counter[str]:
    """Return how the trials of the search (not of its confirmation) ended."""
    events = list(events)
    phase = {e["number"]: e["phase"] for e in events if e["event"] == "asked"}
    return Counter(
        event.get("status", "finished")
        for event in events
        if event["event"] in ENDS and phase[event["number"]] == "search"
    )


def one_line(lines: Sequence[str], *parts: str) -> None:
    """Check that a command said one line with all these parts in it."""
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0]
    for part in parts:
        assert part in lines[0], lines[0]


def goes_on(lines: Sequence[str]) -> None:
    """Check that a stopped command said so, and on a line of its own the command that goes on."""
    stopped, command = lines
    assert stopped.endswith("the same command goes on where it stopped:"), stopped
    assert " -m automl.run " in command, command


def tracked(database: Path, search: Search, whole: bool = True) -> dict[RunKey, dict[str, Any]]:
    """Read a search's runs from MLflow's SQLite file past all code of MLflow, and check them.

    There is one run for each piece of work, none is left running, no point of a curve is there
    twice, and the curves are those of the ledger.

    Args:
        database: The SQLite file.
        search: Which ended, or stopped.
        whole: Whether it came to its end.
    """
    search_id = search.events()[0]["search_id"]
    runs: dict[RunKey, dict[str, Any]] = {}
    with closing(sqlite3.connect(database)) as connection:
        query = (
            "SELECT r.run_uuid, r.status, r.name, r.start_time, r.end_time FROM runs r "
            "JOIN tags t ON t.run_uuid = r.run_uuid "
            "WHERE t.key = 'automl.search_id' AND t.value = ? AND r.lifecycle_stage = 'active'"
        )
        for run_id, status, name, start, end in connection.execute(query, (search_id,)).fetchall():
            tags = dict(_rows(connection, run_id, "tags", "key, value"))
            key = tuple(
                tags.get(f"automl.{part}")
                for part in ("kind", "configuration_id", "confirmation_seed")
            )
            assert key not in runs, f"two runs for {key}"
            runs[key] = {
                "status": status,
                "name": name,
                "time": (start, end),
                "tags": {k: v for k, v in tags.items() if k not in _OF_THE_STORE},
                "params": dict(_rows(connection, run_id, "params", "key, value")),
                "points": sorted(
                    _rows(connection, run_id, "metrics", "key, step, timestamp, value")
                ),
            }
    for key, run in runs.items():
        assert run["status"] != "RUNNING", f"{key} is left running"
        steps = Counter((metric, step) for metric, step, _, _ in run["points"])
        assert max(steps.values(), default=1) == 1, f"a point of {key} is there twice"
    _check_tree(search.events(), runs, whole)
    return runs


def curves(runs: dict[RunKey, dict[str, Any]]) -> dict[RunKey, list[tuple[str, int, float]]]:
    """Return the points of all runs below the search's own, without what is a time."""
    return {
        key: [
            (metric, step, value)
            for metric, step, _, value in run["points"]
            if not metric.endswith("seconds")
        ]
        for key, run in runs.items()
        if key[0] != "search"
    }


# A store's own ids.
_OF_THE_STORE = ("mlflow.parentRunId", "mlflow.log-model.history")


def _check_tree(events: list[Event], runs: dict[RunKey, dict[str, Any]], whole: bool) -> None:
    asked = {event["number"]: event for event in events if event["event"] == "asked"}
    begun = {e["number"] for e in events if e["event"] in ("started", *ENDS)}
    wanted: set[RunKey] = {("search", None, None)}
    epochs: dict[RunKey, set[int]] = {}
    for event in events:
        if event.get("number") in begun:
            trial = asked[event["number"]]
            confirmation = trial["phase"] == "confirmation"
            seed = str(trial["confirmation_seed"]) if confirmation else None
            kind = "confirmation" if confirmation else "configuration"
            key = (kind, trial["configuration_id"], seed)
            wanted.add(key)
            if event["event"] == "reported":
                epochs.setdefault(key, set()).add(event["epoch"])
    assert runs.keys() == wanted
    for key, steps in epochs.items():
        points = {
            step for metric, step, _, _ in runs[key]["points"] if metric == "validation_accuracy"
        }
        assert steps <= points, f"{key} lacks epochs {steps - points}"
    if whole:
        assert runs["search", None, None]["status"] == "FINISHED"


def _rows(
    connection: sqlite3.Connection, run_id: str, table: str, columns: str
) -> list[tuple[Any, ...]]:
    query = f"SELECT {columns} FROM {table} WHERE run_uuid = ?"
    return connection.execute(query, (run_id,)).fetchall()
