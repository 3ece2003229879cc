"""The driver is killed at any moment; the same command again ends as if it had not been."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import checks
import pytest
from searches import Search

ALGORITHMS = ("random", "tpe", "hyperband", "bohb")
# Of each algorithm's search: 18 at a share of its way each, 4 while a driver starts.
MOMENTS, STARTS, LEAST = 18, 4, 20
# Epochs take long enough for a kill to land within one.
PACED = "trainable.options.seconds=0.03"

# Faults of the driver process, one after the other on one search, and the kinds of event for each
# of which the driver dies between the ledger's line and everyone who would hear of it.
AFTER_APPEND = (
    {"event": "plan"},
    {"event": "asked", "nth": 2},
    {"event": "started"},
    {"event": "reported", "nth": 3},
    {"event": "finished", "nth": 2},
    {"event": "resumed"},
    {"event": "asked", "nth": 3, "fields": {"phase": "confirmation"}},
    {"event": "chosen"},
    {"event": "unsealed"},
    {"event": "evaluated"},
    {"event": "closed"},
)
AT_CALLS = (
    {"name": "create_run", "nth": 1, "when": "after"},
    {"name": "create_run", "nth": 3, "when": "before"},
    {"name": "log_batch", "nth": 4, "when": "before"},
    {"name": "log_batch", "nth": 4, "when": "after"},
    {"name": "set_terminated", "nth": 2, "when": "before"},
    {"name": "log_artifacts", "nth": 1, "when": "before"},
    {"name": "log_artifacts", "nth": 1, "when": "after"},
    {"name": "create_logged_model", "nth": 1, "when": "after"},
    {"name": "log_model_artifacts", "nth": 1, "when": "before"},
    {"name": "finalize_logged_model", "nth": 1, "when": "before"},
    {"name": "finalize_logged_model", "nth": 1, "when": "after"},
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]


def search_of(folder: Path, algorithm: str, *words: str) -> Search:
    return Search(folder, (f"algorithm={algorithm}", *words))


@pytest.mark.slow
def test_killed_in_a_line_and_taken_up_without_mlflow(tmp_path, baseline, database, count_kill):
    search = search_of(tmp_path, "bohb", PACED)
    cut = search.start("tracking=sqlite", fault={"kill_torn": 40})
    assert cut.end() == -signal.SIGKILL
    assert search.ledger.read_bytes()[-1:] != b"\n"
    count_kill("bohb", "half a line")
    running = search.run("tracking=server", "tracking.uri=http://127.0.0.1:9")
    assert "127.0.0.1:9" in running.text
    assert running.errors == []
    checks.survived(search, baseline("bohb"), cut.left)

    filled = search.start_module("automl.sync", search.name)
    assert filled.end() == 0, filled.errors
    checks.tracked(database, search)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_killed_at_random_moments(algorithm, tmp_path, baseline, database, count_kill):
    draw = random.Random(f"kills of {algorithm}")
    like = baseline(algorithm)
    total = sum(event["event"] != "started" for event in like.events())
    search = search_of(tmp_path, algorithm, "tracking=sqlite", PACED)
    moments = [round(total * (i + draw.random()) / MOMENTS) for i in range(MOMENTS)]
    # A start is interrupted before the driver has written anything of its own.
    plan: list[int | None] = [*moments]
    for _ in range(STARTS):
        plan.insert(draw.randrange(1, len(plan)), None)
    snapshots, hits = [], 0
    for target in plan:
        running = search.start()
        if target is None:
            time.sleep(draw.uniform(0.5, 5.0))
        else:
            running.until(lambda r=running, n=target: has_come(r, n))
            time.sleep(draw.uniform(0.0, 0.3))
        phase = running.phase()
        if running.kill(power_cut=draw.random() < 0.3):
            hits += 1
            count_kill(algorithm, phase)
        snapshots.append(running.left)
    search.run()
    assert hits >= LEAST
    checks.survived(search, like, *snapshots)
    checks.tracked(database, search)


def has_come(running, target):
    """Whether a search is so far, by more than a new driver's first words."""
    new = [event["event"] for event in running.events()[running.known :]]
    return running.progress() >= target and any(kind != "resumed" for kind in new)


def killed_by(search, fault, algorithm, phase, count_kill):
    """Run with a fault that kills the driver; return the ledger it leaves."""
    running = search.start(fault=fault)
    assert running.end() == -signal.SIGKILL, f"{fault} did not strike: {running.text}"
    count_kill(algorithm, phase)
    return running.left


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["bohb", "tpe"])
def test_killed_between_the_ledger_and_all_others(
    algorithm, tmp_path, baseline, database, count_kill
):
    search = search_of(tmp_path, algorithm, "tracking=sqlite", PACED)
    snapshots = []
    for number, moment in enumerate(AFTER_APPEND):
        phase = f"after {moment['event']}"
        snapshots.append(killed_by(search, {"kill_after": moment}, algorithm, phase, count_kill))
        if number in (1, 4):
            killed_by(search, {"kill_torn": 4}, algorithm, "half a line", count_kill)
    search.run()
    checks.survived(search, baseline(algorithm), *snapshots)
    checks.tracked(database, search)


@pytest.mark.slow
def test_killed_between_calls_of_mlflow(tmp_path, baseline, database, count_kill):
    search = search_of(tmp_path, "hyperband", "tracking=sqlite", "trainable.options.model=true")
    snapshots = [
        killed_by(search, {"kill_at_call": call}, "hyperband", call["name"], count_kill)
        for call in AT_CALLS
    ]
    search.run()
    checks.survived(search, baseline("hyperband"), *snapshots)
    checks.tracked(database, search)
    with closing(sqlite3.connect(database)) as connection:
        models = connection.execute(
            "SELECT status FROM logged_models WHERE lifecycle_stage = 'active'"
        ).fetchall()
    assert len(models) == 1, "the model is there once"


@pytest.mark.slow
def test_killed_while_a_worker_writes_a_checkpoint_or_evaluates(
    tmp_path, baseline, database, count_kill
):
    search = search_of(tmp_path, "bohb", "tracking=sqlite")
    snapshots = []
    # One at a time: of two workers that strike at once only one would find the driver alive.
    for rule in (
        {"at": "checkpoint", "epoch": 1},
        {"at": "checkpoint", "epoch": 3},
        {"at": "checkpoint", "epoch": 9},
        {"at": "evaluate"},
    ):
        search.rules({"do": "kill_driver", **rule})
        phase = f"in a worker's {rule['at']}"
        snapshots.append(killed_by(search, None, "bohb", phase, count_kill))
    search.rules()
    search.run()
    checks.survived(search, baseline("bohb"), *snapshots)
    checks.tracked(database, search)
