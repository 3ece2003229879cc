"""The mirror in a process of its own: it writes the same, and ends with whom it belongs to."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from automl.tracking.mirror import Mirror
from automl.tracking.model import LoggedModel
from automl.tracking.search_view import SearchView

pytestmark = pytest.mark.e2e


def apart(uri, events, warn=lambda _: None) -> Mirror:
    mirror = Mirror(uri, "diffranet", warn=warn, interval=0.0, retry=0.05, apart=True)
    mirror.start(events)
    return mirror


def until(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_writes_what_a_thread_writes(uri, dump, read_store, ledgers, migrated, tmp_path):
    events = ledgers.whole_search()
    other = tmp_path / "thread.db"
    shutil.copyfile(migrated, other)
    results = {"files": {}, "figures": {}, "time": 0, "results": ledgers.results()}
    mirrors = [
        apart(uri, events[:9]),
        Mirror(f"sqlite:///{other}", "diffranet", warn=pytest.fail, interval=0.0),
    ]
    mirrors[1].start(events[:9])
    # A partial of a function that every process can import, and of plain values.
    image = np.zeros((1, 4, 6), np.uint8)
    model = partial(LoggedModel, "sklearn", {"a": "dictionary"}, image, np.zeros(1))
    for mirror in mirrors:
        for event in events[9:]:
            mirror.append(event)
        mirror.finish(model=model, **results)
    assert [mirror.close(60.0) for mirror in mirrors] == [[], []]
    assert dump() == read_store(other)
    assert mirrors[0].run_path == f"#/experiments/1/runs/{mirrors[0].parent_run_id}"
    view = SearchView()
    for event in events:
        view.fold(event)
    assert len(dump()) == 1 + len(view.children)


def test_what_goes_wrong_there_is_said_here(ledgers):
    warnings: list[str] = []
    # Nobody listens there.
    mirror = apart("http://127.0.0.1:9", ledgers.whole_search(), warnings.append)
    until(lambda: warnings)
    begin = time.monotonic()
    (problem,) = mirror.close(1.0)
    assert time.monotonic() - begin < 30
    assert warnings[0].startswith("MLflow does not take what is written")
    assert "lacks the end of this search" in problem


def test_a_process_that_is_killed_costs_a_warning_and_a_line(uri, ledgers):
    warnings: list[str] = []
    mirror = apart(uri, ledgers.whole_search(), warnings.append)
    until(lambda: mirror.parent_run_id is not None)
    os.kill(mirror.process_id, signal.SIGKILL)
    until(lambda: warnings)
    assert "status -9" in warnings[0]
    mirror.append({"event": "resumed", "time": 1.0})
    (problem,) = mirror.close(60.0)
    assert "automl.sync" in problem


def test_the_process_waits_for_the_first_trial(uri, ledgers):
    events = ledgers.whole_search()
    first = next(n for n, event in enumerate(events) if event["event"] == "started")
    mirror = apart(uri, events[:first])
    time.sleep(0.5)
    assert mirror.process_id is None
    mirror.append(events[first])
    until(lambda: mirror.process_id is not None)
    assert mirror.close(60.0) == []


def test_a_mirror_that_is_closed_before_any_trial_writes_all_the_same(uri, dump, ledgers):
    assert apart(uri, ledgers.whole_search()[:1]).close(60.0) == []
    assert [run["status"] for run in dump().values()] == ["KILLED"]


def test_a_process_that_stands_still_is_left_behind(uri, ledgers):
    mirror = apart(uri, ledgers.whole_search()[:5])
    until(lambda: mirror.process_id is not None)
    pid = mirror.process_id
    os.kill(pid, signal.SIGSTOP)
    for event in ledgers.whole_search():
        mirror.append(event)
    begin = time.monotonic()
    (problem,) = mirror.close(0.5)
    assert time.monotonic() - begin < 10
    assert "lacks the end of this search" in problem
    assert not lives(pid)


def test_it_ends_with_a_driver_that_is_killed(uri, dump, ledgers):
    code = """
import json, os, signal, sys, time
from automl.tracking.mirror import Mirror
mirror = Mirror(sys.argv[1], "diffranet", interval=0.0, apart=True)
mirror.start(json.loads(sys.stdin.read()))
while mirror.parent_run_id is None:
    time.sleep(0.01)
print(mirror.process_id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    events = ledgers.whole_search()
    done = subprocess.run(
        [sys.executable, "-c", code, uri],
        input=json.dumps(events[:20]),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid = int(done.stdout)
    until(lambda: not lives(pid), 10.0)
    # Nobody has told it how the search ended, and the next mirror goes on.
    assert "RUNNING" in {run["status"] for run in dump().values()}
    assert apart(uri, events).close(60.0) == []
    assert "RUNNING" not in {run["status"] for run in dump().values()}
