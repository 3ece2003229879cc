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
MODEL = "diffranet-real-8x8"
PLACE, OTHER = "in the place of version", "which learned from other data\n"


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
            "CREATE TABLE model_versions (name, version, run_id, current_stage);"
            "CREATE TABLE model_version_tags (name, version, key, value);"
            "CREATE TABLE registered_model_aliases (name, version, alias);"
            f"INSERT INTO model_versions VALUES ('{MODEL}', 3, '{RUN}', 'None');"
            f"INSERT INTO registered_model_aliases VALUES ('{MODEL}', 3, 'champion');"
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
                    registered = remember(folder, uri, RUN, ledger.events)
                    assert registered is not None
                    assert (registered.name, registered.version) == (MODEL, 3)
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
        f"Registered in MLflow: {MODEL}, version 3\n  champion: this version\n",
    ):
        assert told.count(words) == 1


@pytest.mark.parametrize(
    ("versions", "champion", "words"),
    [
        ({3: (0.5, "b"), 1: (0.9, "a")}, 3, f"this version, {PLACE} 1, {OTHER}"),
        ({3: (0.8, "a"), 2: (0.7, "a")}, 3, f"this version, {PLACE} 2\n"),
        ({3: (0.8, "a"), 2: (0.8, "a")}, 2, "version 2, confirmed 80.0 %\n"),
        (
            {3: (0.5, "a"), 2: (0.9, "b"), 1: (0.8, "a")},
            1,
            f"version 1, confirmed 80.0 %, {PLACE} 2, {OTHER}",
        ),
        ({3: (0.8, "a"), 2: (0.7, "a"), 4: (0.6, "b")}, 4, f"version 4, confirmed 60.0 %, {OTHER}"),
    ],
)
def test_whose_the_alias_is_now_is_told(make, store, versions, champion, words):
    search = make()
    with sqlite3.connect(store) as database:
        for number, (accuracy, data) in versions.items():
            if number != 3:
                row = [MODEL, number, f"{number}" * 32, "None"]
                database.execute("INSERT INTO model_versions VALUES (?, ?, ?, ?)", row)
            for key, value in (("validation_accuracy", accuracy), ("data_digest", data)):
                tag = [MODEL, number, f"automl.{key}", str(value)]
                database.execute("INSERT INTO model_version_tags VALUES (?, ?, ?, ?)", tag)
        database.execute("UPDATE registered_model_aliases SET version = ?", [champion])
    told = finished_before(search)
    assert told is not None
    assert f"version 3\n  champion: {words}" in told


def test_without_an_alias_nothing_is_told_of_it(make, store):
    search = make()
    with sqlite3.connect(store) as database:
        database.execute("DELETE FROM registered_model_aliases")
    told = finished_before(search)
    assert told is not None
    assert "champion" not in told


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
