"""A synthetic ledger and a migrated MLflow store for each test."""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from automl.tracking.quiet import hush

Dump = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def ledgers() -> ModuleType:
    """The module that makes ledgers, which no package holds."""
    path = Path(__file__).with_name("ledger_maker.py")
    spec = importlib.util.spec_from_file_location("tracking_ledger_maker", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's schema; making one takes seconds, copying it nothing."""
    hush()
    from mlflow.tracking import MlflowClient

    path = tmp_path_factory.mktemp("template") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(migrated, tmp_path / "mlflow.db"))


@pytest.fixture
def uri(database: Path) -> str:
    return f"sqlite:///{database}"


@pytest.fixture
def dump(database: Path, read_store: Callable[[Path], Dump]) -> Callable[[], Dump]:
    """Reads everything that this test's store holds."""
    return lambda: read_store(database)


@pytest.fixture(scope="session")
def read_store() -> Callable[[Path], Dump]:
    """Reads everything that a store holds of its runs, by their names, past MLflow's own code."""

    def read(database: Path) -> Dump:
        connection = sqlite3.connect(database)
        runs: Dump = {}
        try:
            names = {}
            query = "SELECT run_uuid, name, status, start_time, end_time, lifecycle_stage FROM runs"
            for run_id, name, status, start, end, stage in connection.execute(query):
                assert name not in runs, f"two runs {name}"
                names[run_id] = name
                facts = {"status": status, "start": start, "end": end, "stage": stage}
                runs[name] = facts | {
                    "metrics": sorted(_rows(connection, run_id, "metrics", _METRIC)),
                    "params": dict(_rows(connection, run_id, "params", "key, value")),
                    "tags": dict(_rows(connection, run_id, "tags", "key, value")),
                    "inputs": sorted(_inputs(connection, run_id)),
                }
            for run in runs.values():
                note = run["tags"].get("mlflow.note.content", "")
                for run_id, name in names.items():
                    note = note.replace(run_id, name)
                if note:
                    run["tags"]["mlflow.note.content"] = note
                parent = run["tags"].pop("mlflow.parentRunId", None)
                run["parent"] = names.get(parent, parent)
        finally:
            connection.close()
        return runs

    return read


_METRIC = "key, step, timestamp, value"


def _rows(
    connection: sqlite3.Connection, run_id: str, table: str, columns: str
) -> Iterator[tuple[Any, ...]]:
    yield from connection.execute(f"SELECT {columns} FROM {table} WHERE run_uuid = ?", [run_id])


def _inputs(connection: sqlite3.Connection, run_id: str) -> Iterator[tuple[str, str]]:
    yield from connection.execute(
        "SELECT datasets.name, input_tags.value FROM inputs "
        "JOIN datasets ON inputs.source_id = datasets.dataset_uuid "
        "JOIN input_tags ON input_tags.input_uuid = inputs.input_uuid "
        "WHERE inputs.destination_id = ?",
        [run_id],
    )
