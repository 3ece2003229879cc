"""A finished search started again: it is told at once, unless anything of it may be missing."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from automl.compose import compose_plain
from automl.finished import finished_before, remember
from automl.ledger import Ledger
from automl.multirun import Planned
from automl.results import write_json
from automl.settings import digest, parse_settings

STUBS = Path(__file__).parent / "stubs"
RUN = "f" * 32


@pytest.fixture(scope="module")
def driven(tmp_path_factory):
    """The folder of a search that has ended, but for what its command adds, and its results."""
    sys.path.insert(0, str(STUBS))
    import bench

    folder = tmp_path_factory.mktemp("search") / "stub"
    return folder, bench.drive(folder, "random")


@pytest.fixture
def store(tmp_path):
    """What a store has of a search: its own run, one of a trial, a registered model."""
    path = tmp_path / "mlflow.db"
    artifacts = tmp_path / "artifacts of it"
    artifacts.mkdir()
    (artifacts / "report.html").touch()
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE runs (run_uuid, status, artifact_uri, lifecycle_stage);"
            "CREATE TABLE tags (run_uuid, key, value);"
            "CREATE TABLE model_versions (name, version, run_id);"
            f"INSERT INTO model_versions VALUES ('diffranet-real-8x8', 3, '{RUN}');"
        )
        for run_id in (RUN, "e" * 32):
            row = [run_id, "FINISHED", artifacts.as_uri(), "active"]
            database.execute("INSERT INTO runs VALUES (?, ?, ?, ?)", row)
            tag = [run_id, "automl.search_id", "bench"]
            database.execute("INSERT INTO tags VALUES (?, ?, ?)", tag)
    return path


@pytest.fixture
def make(driven, tmp_path, store):
    """A search whose folder has everything; keywords replace overrides."""
    source, found = driven

    def made(tracked=True):
        words = ["search=classical_random", "name=done", f"paths.runs={tmp_path}/runs"]
        words += [f"tracking.uri=sqlite:///{store}"] if tracked else ["tracking=none"]
        config = compose_plain(words)
        folder = tmp_path / "runs" / "done"
        if not folder.exists():
            shutil.copytree(source, folder)
            lines = (folder / "ledger.jsonl").read_text().splitlines()
            plan = json.loads(lines[0]) | {"config_digest": digest(config), "search_id": "bench"}
            (folder / "ledger.jsonl").write_text("\n".join([json.dumps(plan), *lines[1:]]) + "\n")
            with Ledger(folder) as ledger:
                if ledger.events[-1]["event"] != "closed":
                    ledger.append("closed")
                if tracked:
                    uri = f"sqlite:///{store}"
                    assert remember(folder, uri, RUN, ledger.events) == ["diffranet-real-8x8", 3]
            write_json({**found, "name": "done"}, folder / "results.json")
            (folder / "report.html").touch()
        return Planned("done", parse_settings(config), config, {})

    return made


def test_result_report_and_model_are_told(make, tmp_path):
    told = finished_before(make())
    assert told is not None
    for words in (
        "Search done finished in ",
        f"Report: {tmp_path}/runs/done/report.html",
        f"-m automl.predict done IMAGES --runs {tmp_path}/runs",
        "Registered in MLflow: diffranet-real-8x8, version 3",
    ):
        assert told.count(words) == 1


def test_without_tracking_nothing_of_it_is_asked(make, store):
    search = make(tracked=False)
    store.unlink()
    told = finished_before(search)
    assert told is not None
    assert "MLflow" not in told


@pytest.mark.parametrize("name", ["report.html", "results.json", "mlflow.json", "ledger.jsonl"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text('{"event": ')])
def test_what_is_missing_or_damaged_is_left_to_the_search(make, tmp_path, name, damage):
    search = make()
    damage(tmp_path / "runs/done" / name)
    told = finished_before(search)
    # Of the report it only matters that there is one.
    assert (told is None) == (name != "report.html" or damage is Path.unlink)


@pytest.mark.parametrize(
    "loss",
    [
        "UPDATE runs SET status = 'RUNNING' WHERE run_uuid LIKE 'e%'",
        "UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid LIKE 'e%'",
        "DELETE FROM tags",
        "DELETE FROM model_versions",
        "DROP TABLE runs",
    ],
)
def test_what_mlflow_has_lost_is_written_again_by_the_search(make, store, loss):
    search = make()
    with sqlite3.connect(store) as database:
        database.executescript(loss)
    assert finished_before(search) is None


def test_a_store_or_its_files_that_are_gone(make, store, tmp_path):
    search = make()
    (tmp_path / "artifacts of it" / "report.html").unlink()
    assert finished_before(search) is None
    store.unlink()
    assert finished_before(search) is None


def test_another_configuration_is_left_to_the_search_which_refuses_it(make):
    search = make()
    config = {**search.config, "seed": 7}
    assert finished_before(Planned("done", parse_settings(config), config, {})) is None


def test_a_search_that_is_running_or_open_is_left_to_itself(make, tmp_path):
    search = make()
    folder = tmp_path / "runs/done"
    with Ledger(folder):
        assert finished_before(search) is None, "somebody is at it"
    assert finished_before(search) is not None
    with Ledger(folder) as ledger:
        ledger.append("resumed")
    assert finished_before(search) is None
