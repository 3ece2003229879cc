"""A comparison as a run of MLflow."""

from __future__ import annotations

import re
import shutil

import pytest

from automl.compare import main
from automl.ledger import read_events
from automl.tracking.mirror import Mirror
from automl.tracking.quiet import hush


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """A database with MLflow's schema; making one takes seconds, copying it nothing."""
    hush()
    from mlflow.tracking import MlflowClient

    path = tmp_path_factory.mktemp("template") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def client(migrated, tmp_path):
    from mlflow.tracking import MlflowClient

    shutil.copyfile(migrated, tmp_path / "mlflow.db")
    return MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")


@pytest.fixture
def runs(tmp_path, write_search, client):
    runs = tmp_path / "runs"
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    for name, algorithm in (("first", "random"), ("second", "tpe")):
        folder = write_search(runs, name, algorithm=algorithm, group="night", uri=uri)
        mirror = Mirror(uri, "comparing")
        mirror.start(read_events(folder / "ledger.jsonl")[0])
        assert mirror.close(60.0) == []
    return runs


def of_kind(client, kind):
    (experiment,) = [e for e in client.search_experiments() if e.name == "comparing"]
    query = f"tags.`automl.kind` = '{kind}'"
    return list(client.search_runs([experiment.experiment_id], query))


def test_it_has_a_run_of_its_own_that_names_its_sources(runs, client, capsys):
    before = {run.info.run_id: run.to_dictionary() for run in of_kind(client, "search")}
    assert len(before) == 2
    words = ["--group", "night", "--runs", str(runs), "--tracking", client.tracking_uri]
    assert main(words) == 0
    (run,) = of_kind(client, "comparison")
    assert run.info.run_id in capsys.readouterr().out
    assert run.info.status == "FINISHED"
    assert run.data.tags["automl.searches"] == "first, second"
    assert set(run.data.tags["automl.source_runs"].split(", ")) == set(before)
    for run_id in before:
        assert f"/runs/{run_id})" in run.data.tags["mlflow.note.content"]
    assert run.data.metrics["A/test_accuracy_synthetic"] == pytest.approx(57 / 60)
    artifacts = {entry.path for entry in client.list_artifacts(run.info.run_id)}
    assert artifacts == {"compare.json", "compare.html", "figures"}
    after = {run.info.run_id: run.to_dictionary() for run in of_kind(client, "search")}
    assert after == before

    # Compared again, in another order, it is the same run.
    assert main(["second", "first", "--runs", str(runs)]) == 0
    (again,) = of_kind(client, "comparison")
    assert again.info.run_id == run.info.run_id


def test_tracking_none_writes_no_run(runs, client, capsys):
    assert main(["first", "second", "--runs", str(runs), "--tracking", "none"]) == 0
    assert of_kind(client, "comparison") == []
    assert "MLflow" not in capsys.readouterr().out


def test_the_group_is_a_tag_that_a_user_may_set(runs, client, capsys):
    for run in of_kind(client, "search"):
        assert run.data.tags["group"] == "night"
        client.set_tag(run.info.run_id, "group", "user's own")
    words = ["--runs", str(runs), "--tracking", client.tracking_uri, "--group"]
    assert main([*words, "user's own"]) == 0
    assert re.search("A: first.*B: second", capsys.readouterr().out, re.DOTALL)
    assert main([*words, "night"]) == 2
    assert "no search with this tag" in capsys.readouterr().err


def test_a_group_whose_folder_is_elsewhere_is_refused(runs, client, tmp_path, capsys):
    (runs / "second").rename(tmp_path / "second")
    words = ["--runs", str(runs), "--tracking", client.tracking_uri, "--group", "night"]
    assert main(words) == 2
    assert "1 of its searches have no folder" in capsys.readouterr().err
