"""MLflow is down, dies, comes back or loses everything: no search minds, and all is filled in."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import time

import checks
import pytest
from searches import Search
from server import MlflowServer

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

BOHB = ("algorithm=bohb",)
DEAD = ("tracking=server", "tracking.uri=http://127.0.0.1:9")


@pytest.fixture
def server(tmp_path, database):
    server = MlflowServer(tmp_path, database)
    server.start()
    yield server
    server.kill()


def through(server: MlflowServer) -> tuple[str, ...]:
    return ("tracking=server", f"tracking.uri={server.uri}")


def test_a_new_search_without_its_server_is_refused(tmp_path):
    search = Search(tmp_path, BOHB)
    refused = search.run(*DEAD, status=2)
    checks.one_line(refused.errors, "no MLflow server answers", "http://127.0.0.1:9")
    assert not search.home.exists()
    assert not (tmp_path / "mlflow").exists()


def test_a_server_that_dies_and_comes_back(tmp_path, baseline, database, server):
    search = Search(tmp_path, (*BOHB, *through(server), "trainable.options.seconds=1"))
    running = search.start()
    assert running.until_event("finished", 5)
    time.sleep(2)
    server.kill()
    assert running.until_event("finished", 5)
    server.begin()
    assert running.end() == 0, running.text
    checks.survived(search, baseline("bohb"))
    checks.tracked(database, search)


def test_a_server_that_dies_for_good(tmp_path, baseline, database, server):
    search = Search(tmp_path, (*BOHB, *through(server), "trainable.options.seconds=0.1"))
    running = search.start()
    assert running.until_event("finished", 5)
    time.sleep(2)
    server.kill()
    assert running.end() == 0, running.text
    assert running.errors == []
    lacks = [line for line in running.text.splitlines() if "lacks" in line]
    assert len(lacks) == 1, running.text
    assert server.uri in lacks[0]
    checks.survived(search, baseline("bohb"))

    refused = search.start_module("automl.sync", search.name)
    assert refused.end() != 0
    checks.one_line(refused.errors, server.uri)
    server.start()
    filled = search.start_module("automl.sync", search.name)
    assert filled.end() == 0, filled.errors
    checks.tracked(database, search)


def test_a_server_that_stands_still_for_a_while(tmp_path, baseline, database, server):
    search = Search(tmp_path, (*BOHB, *through(server), "trainable.options.seconds=0.3"))
    running = search.start()
    assert running.until_event("finished", 5)
    server.pause()
    begin = len(running.events())
    time.sleep(15)
    assert len(running.events()) > begin + 5, "the search does not wait for MLflow"
    server.go_on()
    assert running.end() == 0, running.text
    checks.survived(search, baseline("bohb"))
    checks.tracked(database, search)


def test_an_sqlite_file_that_is_locked_for_a_while(tmp_path, baseline, database):
    search = Search(tmp_path, (*BOHB, "tracking=sqlite", "trainable.options.seconds=0.3"))
    running = search.start()
    assert running.until_event("finished", 3)
    holder = sqlite3.connect(database, isolation_level=None, timeout=30)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        assert running.until_event("finished", 12)
        time.sleep(25)
    finally:
        holder.rollback()
        holder.close()
    assert running.end() == 0, running.text
    checks.survived(search, baseline("bohb"))
    checks.tracked(database, search)


def points(run, timeless):
    """Return a run's points (metric, step, time, value), sorted; on request without their times."""
    if not timeless:
        return run["points"]
    return sorted((metric, step, value) for metric, step, _, value in run["points"])


def test_a_store_that_is_lost_is_rebuilt_from_ledgers_alone(tmp_path, mlflow_template, database):
    searches = [
        Search(tmp_path, (f"algorithm={algorithm}", "tracking=sqlite"), algorithm)
        for algorithm in ("bohb", "random")
    ]
    for search in searches:
        search.run()
    killed = Search(tmp_path, ("algorithm=tpe", "tracking=sqlite"), "killed")
    running = killed.start(fault={"kill_after": {"event": "finished", "nth": 5}})
    assert running.end() == -signal.SIGKILL
    before = [checks.tracked(database, search) for search in searches]
    shutil.rmtree(tmp_path / "mlflow")

    names = [search.name for search in (*searches, killed)]
    rebuilt = searches[0].start_module("automl.sync", *names)
    assert rebuilt.end() == 0, rebuilt.errors
    for search, old in zip(searches, before, strict=True):
        new = checks.tracked(database, search)
        assert new.keys() == old.keys()
        for key, run in new.items():
            for part in ("status", "name", "tags", "params"):
                assert run[part] == old[key][part], (key, part)
            # The search's own final figures are as of when they were written.
            timeless = key[0] == "search"
            assert points(run, timeless) == points(old[key], timeless), key
    checks.tracked(database, killed, whole=False)
    assert len(list((tmp_path / "mlflow").rglob("results.json"))) == len(searches)
    # Once more changes nothing.
    again = searches[0].start_module("automl.sync", *names)
    assert again.end() == 0, again.errors
    assert checks.tracked(database, searches[0]).keys() == before[0].keys()
    # What was killed goes on after that as if nothing had been.
    killed.run()
    checks.survived(killed, None, running.left)
    checks.tracked(database, killed)
