"""SIGKILL of the driver in the middle of a real search, then the same command again."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

SEARCHES = {
    "bohb": ("deepfreak_bohb",),
    "hyperband": ("deepfreak_hyperband",),
    "tpe": ("classical_tpe",),
    "random": ("deepfreak_random",),
    "classical_random": ("classical_random",),
}
# Events after which the driver is killed; each kill counts from the ledger's beginning.
KILLS = (6, 17, 30, 44)


def command(name: str, search: str, cache: Path) -> list[str]:
    words = [f"search={search}", "scale=smoke", f"name={name}", f"paths.cache={cache}"]
    return [sys.executable, "-m", "automl.run", *words]


def run(folder: Path, name: str, search: str, cache: Path) -> dict:
    done = subprocess.run(
        command(name, search, cache), cwd=folder, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return comparable(folder, name)


def run_and_kill(folder: Path, name: str, search: str, cache: Path, after: int) -> bool:
    """Run until the ledger has ``after`` events; return whether the driver was still alive."""
    ledger = folder / "runs" / name / "ledger.jsonl"
    said = folder / f"{name}-{after}.log"
    with said.open("wb") as log:
        driver = subprocess.Popen(
            command(name, search, cache),
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + 240
    while driver.poll() is None and time.monotonic() < deadline:
        if ledger.exists() and ledger.read_bytes().count(b"\n") >= after:
            os.kill(driver.pid, signal.SIGKILL)
            driver.wait()
            return True
        time.sleep(0.01)
    assert driver.poll() == 0, said.read_text()
    return False


def comparable(folder: Path, name: str) -> dict:
    results = json.loads((folder / "runs" / name / "results.json").read_text())
    # Provenance has the git revision, which may move while these tests run.
    aside = ("times", "name", "provenance")
    return {key: value for key, value in results.items() if key not in aside}


def events(folder: Path, name: str) -> list[dict]:
    lines = (folder / "runs" / name / "ledger.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def tracked(folder: Path, name: str) -> tuple[Counter, Counter]:
    """Return how many runs have each status, and how many runs stand for each piece of work."""
    database = sqlite3.connect(folder / "mlflow/mlflow.db")
    search = database.execute(
        "select r.run_uuid, t.value from runs r join tags t on t.run_uuid = r.run_uuid "
        "where r.name = ? and t.key = 'automl.search_id'",
        (name,),
    ).fetchall()
    assert len(search) == 1, "one parent run for each search"
    rows = database.execute(
        "select r.run_uuid, r.status, r.name from runs r join tags t on t.run_uuid = r.run_uuid "
        "where t.key = 'automl.search_id' and t.value = ?",
        (search[0][1],),
    ).fetchall()
    work = Counter()
    for run_id, _, _ in rows:
        tags = dict(
            database.execute("select key, value from tags where run_uuid = ?", (run_id,)).fetchall()
        )
        keys = ("automl.kind", "automl.configuration_id", "automl.confirmation_seed")
        work[tuple(tags.get(key) for key in keys)] += 1
    return Counter(status for _, status, _ in rows), work


def check_survival(folder: Path, cache: Path, search: str, kills: tuple[int, ...]) -> None:
    first = run(folder, "first", search, cache)
    killed = [run_and_kill(folder, "killed", search, cache, after) for after in kills]
    assert any(killed), "no kill came in time"
    assert run(folder, "killed", search, cache) == first

    ended = Counter(e["number"] for e in events(folder, "killed") if e["event"] in ENDS)
    assert set(ended.values()) == {1}, "a trial ended twice"
    statuses, work = tracked(folder, "killed")
    assert "RUNNING" not in statuses
    assert max(work.values()) == 1, "a run is doubled"
    assert tracked(folder, "first")[1].keys() == work.keys()


ENDS = ("finished", "failed")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("algorithm", SEARCHES)
def test_two_uninterrupted_searches_are_equal(algorithm, tmp_path, cache):
    first = run(tmp_path, "first", *SEARCHES[algorithm], cache)
    assert run(tmp_path, "second", *SEARCHES[algorithm], cache) == first


@pytest.mark.e2e
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("algorithm", "kills"),
    [
        ("bohb", KILLS[:2]),
        *(pytest.param(name, KILLS, marks=pytest.mark.slow) for name in SEARCHES),
    ],
)
def test_killed_searches_end_as_uninterrupted_ones(algorithm, kills, tmp_path, cache):
    check_survival(tmp_path, cache, *SEARCHES[algorithm], kills)
