from __future__ import annotations

import os
import sys

import pytest

from automl import ui
from automl.errors import UserError
from automl.tracking.ui import default_uri, ui_command


def test_the_command_serves_the_store_to_this_machine_alone(tmp_path):
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "mlflow.db").touch()
    command = ui_command(default_uri(tmp_path), 5001)
    assert command[:3] == [sys.executable, "-m", "mlflow"]
    options = dict(zip(command[4::2], command[5::2], strict=True))
    assert options["--backend-store-uri"] == f"sqlite:///{tmp_path}/mlflow/mlflow.db"
    assert (options["--host"], options["--port"]) == ("127.0.0.1", "5001")
    assert options["--default-artifact-root"] == (tmp_path / "mlflow" / "artifacts").as_uri()


def test_mlflow_knows_every_option_of_the_command(tmp_path):
    from mlflow.cli import server

    (tmp_path / "mlflow.db").touch()
    known = {name for option in server.params for name in option.opts}
    command = ui_command(f"sqlite:///{tmp_path}/mlflow.db")
    assert {part for part in command if part.startswith("--")} <= known


@pytest.mark.parametrize(
    ("uri", "port", "words"),
    [
        ("sqlite:////nowhere/mlflow.db", 5000, "there is no store yet"),
        ("http://127.0.0.1:5000", 5000, "open it in a browser"),
        ("postgresql://host/db", 70000, "from 1 to 65535"),
    ],
)
def test_what_cannot_be_served_is_refused(uri, port, words):
    with pytest.raises(ValueError, match=words):
        ui_command(uri, port)


def test_options_have_defaults_and_are_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ui.parse_options(["port=5002"]) == (f"sqlite:///{tmp_path}/mlflow/mlflow.db", 5002)
    with pytest.raises(UserError, match="did you mean 'port'"):
        ui.parse_options(["prot=5002"])
    with pytest.raises(UserError, match="use a number"):
        ui.parse_options(["port=high"])


def test_the_command_line_refuses_with_status_2_and_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["automl.ui"])
    with pytest.raises(SystemExit) as caught:
        ui.main()
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1


def test_the_lists_of_searches_are_named(uri, database, ledgers):
    from automl.tracking.search_view import SearchView
    from automl.tracking.session import Session
    from automl.tracking.ui import pages

    assert pages(uri, 5001) == []
    view = SearchView()
    view.fold(ledgers.whole_search()[0])
    Session(uri, "diffranet", None).write(view)
    ((experiment, address),) = pages(uri, 5001)
    assert experiment == "diffranet"
    page = "http://127.0.0.1:5001/#/experiments/1/runs?viewStateShareKey=automl-searches"
    assert address.startswith(page)
    database.write_bytes(b"SQLite format 3\0")
    assert pages(uri, 5001) == []
    assert pages("postgresql://host/db", 5001) == []


def test_the_server_starts_no_job_processes_unless_told(monkeypatch, tmp_path):
    (tmp_path / "mlflow.db").touch()
    monkeypatch.setattr("sys.argv", ["ui", f"uri=sqlite:///{tmp_path}/mlflow.db", "port=5987"])
    monkeypatch.setattr(ui, "check_uri", lambda _: None)
    monkeypatch.setattr(ui, "analyse", lambda _: None)
    monkeypatch.delenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", raising=False)
    seen = []
    name = "MLFLOW_SERVER_ENABLE_JOB_EXECUTION"
    monkeypatch.setattr("os.execv", lambda *_: seen.append(os.environ[name]))
    with monkeypatch.context() as unset:
        unset.setattr("os.environ", {**os.environ})
        ui.main()
    with monkeypatch.context() as told:
        told.setattr("os.environ", {**os.environ, name: "true"})
        ui.main()
    assert seen == ["false", "true"]
