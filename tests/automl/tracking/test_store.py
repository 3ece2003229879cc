"""Opening a store: its place, its silence, two drivers at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from automl.tracking.uri import absolute_uri, artifact_location

SEARCH = """
import json, sys
from automl.tracking.mirror import Mirror
mirror = Mirror("sqlite:///mlflow/mlflow.db", "diffranet")
mirror.start(json.loads(sys.stdin.read()))
mirror.finish(results={}, files={}, figures={}, model=None, time=0)
print(json.dumps(mirror.close(100)))
"""


def test_mlflow_is_the_package_and_not_the_project_folder_of_that_name():
    import mlflow

    assert mlflow.__version__.split(".") >= ["3"]
    assert "site-packages" in Path(mlflow.__file__).parts
    project = Path(__file__).parents[3]
    assert not list((project / "mlflow").rglob("*.py"))


def test_only_tracking_imports_mlflow():
    project = Path(__file__).parents[3]
    rooms = [project / room for room in ("automl", "searchspaces", "trainables", "diffranet")]
    importers = {
        path.relative_to(project).parts[:2]
        for room in rooms
        for path in room.rglob("*.py")
        if any(
            line.strip().startswith(("import mlflow", "from mlflow"))
            for line in path.read_text().splitlines()
        )
    }
    assert importers == {("automl", "tracking")}


def test_uris_are_made_absolute(tmp_path):
    assert absolute_uri("sqlite:///a/b.db", tmp_path) == f"sqlite:///{tmp_path}/a/b.db"
    assert absolute_uri("sqlite:////a/b.db", tmp_path) == "sqlite:////a/b.db"
    assert absolute_uri("http://host:5000", tmp_path) == "http://host:5000"


@pytest.mark.parametrize(
    ("uri", "root", "expected"),
    [
        ("sqlite:////x/mlflow.db", None, "file:///x/artifacts/my_problem"),
        ("sqlite:////x/mlflow.db", "/data", "file:///data/my_problem"),
        ("http://host", None, None),
        ("http://host", "s3://bucket/runs/", "s3://bucket/runs/my_problem"),
    ],
)
def test_where_artifacts_lie(uri, root, expected):
    assert artifact_location(uri, root, "my problem") == expected


@pytest.mark.e2e
def test_two_drivers_open_a_fresh_store_at_once_and_print_nothing(tmp_path, ledgers):
    """Without a lock one of two that make MLflow's schema fails; the making prints lines."""
    project = Path(__file__).parents[3]
    drivers = []
    for number in range(2):
        ledger = ledgers.LedgerMaker(name=f"search{number}", search_id=f"{number}" * 32)
        ledger.plan()
        driver = subprocess.Popen(
            [sys.executable, "-c", SEARCH],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(project)},
        )
        drivers.append((driver, json.dumps(ledger.events)))
    for driver, events in drivers:
        assert driver.stdin is not None
        driver.stdin.write(events)
        driver.stdin.close()
        driver.stdin = None
    for driver, _ in drivers:
        out, err = driver.communicate(timeout=300)
        assert (out.strip(), err) == ("[]", "")

    from mlflow.tracking import MlflowClient

    runs = MlflowClient(f"sqlite:///{tmp_path}/mlflow/mlflow.db").search_runs(["1"])
    assert {(run.info.run_name, run.info.status) for run in runs} == {
        ("search0", "FINISHED"),
        ("search1", "FINISHED"),
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlflow"]
