"""The mirror against a real SQLite store, with kills and outages."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from automl.tracking.mirror import Mirror
from automl.tracking.search_view import SearchView

EXPERIMENT = "diffranet"


def mirrored(uri, events, warn=pytest.fail, **options) -> Mirror:
    mirror = Mirror(uri, EXPERIMENT, warn=warn, interval=0.0, retry=0.05, **options)
    mirror.start(events)
    return mirror


def finish(mirror: Mirror, ledgers, **changes) -> list[str]:
    wanted = {"results": ledgers.results(), "files": {}, "figures": {}, "model": None, "time": 0}
    mirror.finish(**{**wanted, **changes})
    return mirror.close(60)


def session(uri):
    from automl.tracking.session import Session

    return Session(uri, EXPERIMENT, None)


def folded(events) -> SearchView:
    view = SearchView()
    for event in events:
        view.fold(event)
    return view


@pytest.fixture(scope="module")
def expected(migrated, read_store, ledgers, tmp_path_factory):
    """What a store holds after a search that nothing disturbed."""
    path = tmp_path_factory.mktemp("undisturbed") / "mlflow.db"
    shutil.copyfile(migrated, path)
    session(f"sqlite:///{path}").write(folded(ledgers.whole_search()))
    return read_store(path)


def test_the_tree_of_a_whole_search(uri, dump, ledgers):
    mirror = mirrored(uri, [])
    for event in ledgers.whole_search():
        mirror.append(event)
    assert finish(mirror, ledgers) == []

    runs = dump()
    parent = runs.pop("deepfreak_bohb-smoke-seed0")
    assert parent["status"] == "FINISHED"
    assert parent["parent"] is None
    assert parent["params"]["trainable.options.blocks"] == "[1, 1, 1, 1]"
    assert len(parent["params"]["space.long"]) == 500
    assert parent["tags"]["automl.algorithm"] == "bohb"
    assert len(parent["inputs"]) == 5
    figures = {key: value for key, _, _, value in parent["metrics"]}
    assert figures["test_accuracy_real_raw"] == 0.5
    assert figures["test_diffraction_missed_synthetic"] == 1

    assert sorted((name.partition(" · ")[2], run["status"]) for name, run in runs.items()) == [
        ("t1 lr=3 b8", "FAILED"),
        *[("t10 lr=0.0048 b8", "FINISHED")] * 3,
        ("t6 lr=0.01 b8", "FINISHED"),
    ]
    seeds = {name.partition(" · ")[0] for name in runs if "seed" in name}
    assert seeds == {"e13e seed 0", "e13e seed 1"}
    assert {run["parent"] for run in runs.values()} == {"deepfreak_bohb-smoke-seed0"}
    best = runs["e13e · t10 lr=0.0048 b8"]
    assert best["params"]["topology"] == "10"
    assert [step for key, step, *_ in best["metrics"] if key == "train_loss"] == [1, 2, 3]
    assert (best["start"], best["end"]) == (1_700_000_002_000, 1_700_000_017_000)
    assert mirror.parent_run_id is not None
    assert mirror.run_path == f"#/experiments/1/runs/{mirror.parent_run_id}"


def test_a_kill_after_every_single_event_doubles_and_loses_nothing(uri, dump, ledgers, expected):
    events = ledgers.whole_search()
    for count in range(1, len(events) + 1):
        session(uri).write(folded(events[:count]))
    assert dump() == expected


class Killed(BaseException):
    """Ends the writing as a kill would: nothing after it is run."""


class KilledClient:
    """An MLflow client that dies around its n-th write, before or after the store has it."""

    def __init__(self, client, survive: int, after: bool):
        self._client, self._left, self._after = client, survive, after

    def __getattr__(self, name):
        method = getattr(self._client, name)
        if name.startswith(("get_", "search_")):
            return method

        def write(*arguments, **options):
            self._left -= 1
            if self._left < 0 and not self._after:
                raise Killed
            answer = method(*arguments, **options)
            if self._left < 0:
                raise Killed
            return answer

        return write


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_around_every_single_write(uri, dump, ledgers, expected, after):
    from automl.tracking.store import connect
    from automl.tracking.writer import Writer

    view = folded(ledgers.whole_search())
    kills = 0
    while True:
        store = connect(uri, EXPERIMENT, None)
        # Each life gets one write further than nothing, so every write is the last of some life.
        client = KilledClient(store.client, 1 - after, after)
        writer = Writer(type(store)(client, store.experiment_id))
        try:
            writer.sync(view)
        except Killed:
            kills += 1
            assert kills < 100, "no progress"
            continue
        break
    assert kills >= 15
    assert dump() == expected


@pytest.mark.parametrize("count", [1, 4, 14, 25, 36])
def test_a_search_that_is_taken_up_again_ends_as_one_that_never_stopped(
    uri, dump, ledgers, expected, count
):
    events = ledgers.whole_search()
    first = mirrored(uri, events[:count])
    if count % 2:
        first.abort("KILLED")
    assert first.close(60) == []
    assert {run["status"] for run in dump().values()} <= {"KILLED", "FINISHED", "FAILED"}

    second = mirrored(uri, events[:count])
    for event in events[count:]:
        second.append(event)
    assert second.close(60) == []
    assert dump() == expected


def test_finishing_again_adds_nothing(uri, dump, ledgers):
    assert finish(mirrored(uri, ledgers.whole_search()), ledgers) == []
    once = dump()
    assert finish(mirrored(uri, ledgers.whole_search()), ledgers) == []
    assert dump() == once


def test_runs_left_running_by_others_are_ended(uri, dump, ledgers):
    events = ledgers.whole_search()
    orphan = session(uri)
    orphan.write(folded(events[:4]))
    extra = {"automl.search_id": events[0]["search_id"], "automl.kind": "configuration"}
    extra["automl.configuration_id"] = "of no trial"
    orphan._store.client.create_run(orphan.experiment_id, tags=extra, run_name="orphan")
    assert finish(mirrored(uri, events), ledgers) == []
    assert dump()["orphan"]["status"] == "KILLED"
    assert "RUNNING" not in {run["status"] for run in dump().values()}


def test_a_run_made_twice_is_kept_once(uri, ledgers):
    from mlflow.tracking import MlflowClient

    events = ledgers.whole_search()
    session(uri).write(folded(events[:1]))
    client = MlflowClient(uri)
    (parent,) = client.search_runs(["1"])
    client.create_run("1", tags=parent.data.tags, run_name=parent.info.run_name)
    session(uri).write(folded(events[:1]))
    (kept,) = client.search_runs(["1"])
    assert kept.info.run_id == parent.info.run_id


def test_a_run_deleted_under_the_mirror_is_written_again(uri, dump, ledgers, expected):
    from mlflow.tracking import MlflowClient

    events = ledgers.whole_search()
    warnings: list[str] = []
    mirror = mirrored(uri, events[:9], warnings.append)
    wait_for(lambda: mirror.parent_run_id)
    client = MlflowClient(uri)
    for run in client.search_runs(["1"]):
        client.update_run(run.info.run_id, name=f"deleted {run.info.run_id}")
        client.delete_run(run.info.run_id)
    for event in events[9:]:
        mirror.append(event)
        time.sleep(0.002)
    wait_for(lambda: warnings)
    assert mirror.close(60) == []
    assert len(warnings) == 1
    assert {name: run for name, run in dump().items() if run["stage"] == "active"} == expected


def test_a_store_that_comes_back_gets_everything(tmp_path, ledgers, migrated):
    (tmp_path / "folder").write_text("in the way of the database's folder")
    warnings: list[str] = []
    mirror = mirrored(
        f"sqlite:///{tmp_path}/folder/mlflow.db", ledgers.whole_search(), warnings.append
    )
    wait_for(lambda: warnings)
    (tmp_path / "folder").unlink()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mlflow.db").write_bytes(migrated.read_bytes())
    assert finish(mirror, ledgers) == []
    assert len(warnings) == 1
    assert mirror.parent_run_id is not None


def test_a_dead_server_costs_one_warning_and_the_next_search_writes_all(
    ledgers, uri, dump, expected
):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{probe.getsockname()[1]}"
    # The port is closed again: whoever asks is refused at once.
    warnings: list[str] = []
    mirror = mirrored(dead, ledgers.whole_search()[:3], warnings.append)
    began = time.monotonic()
    for event in ledgers.whole_search()[3:]:
        mirror.append(event)
    assert time.monotonic() - began < 0.1
    (problem,) = finish(mirror, ledgers)
    assert "automl.sync" in problem
    assert "\n" not in problem
    (warning,) = warnings
    assert "Connection refused" in warning
    assert mirrored(uri, ledgers.whole_search()).close(60) == []
    assert dump() == expected


def test_a_server_that_accepts_and_never_answers_does_not_hold_the_search(ledgers):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        # It warns when its own time-out comes, which may be after this test.
        mirror = mirrored(address, ledgers.whole_search(), warn=[].append)
        began = time.monotonic()
        (problem,) = mirror.close(0.3)
        assert time.monotonic() - began < 1.0
        assert "not done within 0.3 s" in problem


def test_an_event_that_makes_no_sense_costs_only_itself(uri, dump, ledgers, expected):
    events = ledgers.whole_search()
    mirror = mirrored(uri, [*events[:5], {"event": "finished", "number": 99, "time": 1.0}])
    for event in events[5:]:
        mirror.append(event)
    (problem,) = mirror.close(60)
    assert "'finished'" in problem
    assert dump() == expected


def test_files_and_figures_become_artifacts(uri, ledgers, tmp_path):
    from mlflow.tracking import MlflowClient

    report, picture = tmp_path / "page.html", tmp_path / "a.png"
    report.write_text("report")
    picture.write_bytes(b"png")
    mirror = mirrored(uri, ledgers.whole_search())
    files = {"report.html": report, "results.json": tmp_path / "absent.json"}
    (problem,) = finish(mirror, ledgers, files=files, figures={"confusion_synthetic": picture})
    assert "absent.json" in problem
    client = MlflowClient(uri)
    listed = client.list_artifacts(mirror.parent_run_id)
    listed += client.list_artifacts(mirror.parent_run_id, "figures")
    assert [entry.path for entry in listed if not entry.is_dir] == [
        "report.html",
        "figures/confusion_synthetic.png",
    ]


def test_a_deleted_experiment_is_named(uri, ledgers):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(uri)
    client.delete_experiment(client.create_experiment(EXPERIMENT))
    warnings: list[str] = []
    (problem,) = mirrored(uri, ledgers.whole_search(), warnings.append).close(60)
    assert "mlflow experiments restore" in warnings[0]
    assert "deleted" in problem


def test_more_than_mlflow_takes_in_one_call(uri, dump, ledgers):
    ledger = ledgers.LedgerMaker()
    ledger.plan(config={f"key{index}": index for index in range(250)})
    ledger.asked(0, ledgers.configuration(1), 400)
    ledger.trained(0, 1, 400)
    assert mirrored(uri, ledger.events).close(60) == []
    runs = dump()
    assert len(runs.pop(ledger.name)["params"]) == 250
    (run,) = runs.values()
    assert sum(key == "train_loss" for key, *_ in run["metrics"]) == 400


@pytest.mark.e2e
def test_sigkill_and_silence(uri, dump, ledgers, expected):
    """A driver that is killed for good prints nothing, and the next one mends what it left."""
    code = """
import json, os, signal, sys, time
from automl.tracking.mirror import Mirror
events = json.loads(sys.stdin.read())
mirror = Mirror(sys.argv[1], "diffranet", interval=0.0)
mirror.start([])
for count, event in enumerate(events):
    mirror.append(event)
    time.sleep(0.01)
while mirror.parent_run_id is None:
    time.sleep(0.01)
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
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == -signal.SIGKILL
    assert (done.stdout, done.stderr) == ("", "")
    assert "RUNNING" in {run["status"] for run in dump().values()}
    assert mirrored(uri, events).close(60) == []
    assert dump() == expected


def wait_for(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.01)
