from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing

import pytest

from automl import ui
from automl.errors import UserError
from automl.tracking.ui import check_served


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
        check_served(uri, port)


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
    from automl.tracking.ui import first_page, pages

    assert pages(uri, 5001) == []
    assert first_page(uri) is None
    view = SearchView()
    view.fold(ledgers.whole_search()[0])
    Session(uri, "diffranet", None).write(view)
    ((experiment, address),) = pages(uri, 5001)
    assert address == f"http://127.0.0.1:5001/{first_page(uri)}"
    later = SearchView()
    plan = ledgers.whole_search()[0]
    later.fold(plan | {"search_id": "2" * 32, "time": plan["time"] + 1})
    for name, latest in (("later", later), ("a", view)):
        # The latest search decides, not the latest experiment, nor its name.
        Session(uri, name, None).write(latest)
        assert str(first_page(uri)).startswith("#/experiments/2/runs?viewStateShareKey=")
    (experiment, address), *_ = pages(uri, 5001)[1:]
    assert experiment == "diffranet"
    page = "http://127.0.0.1:5001/#/experiments/1/runs?viewStateShareKey=automl-searches"
    assert address.startswith(page)
    database.write_bytes(b"SQLite format 3\0")
    assert pages(uri, 5001) == []
    assert first_page(uri) is None
    assert pages("postgresql://host/db", 5001) == []


def test_the_users_own_settings_of_the_server_stand(monkeypatch, uri):
    from automl.tracking import server

    name = "MLFLOW_SERVER_ENABLE_JOB_EXECUTION"
    monkeypatch.setattr(server, "open_store", lambda *_: None)
    seen = []
    monkeypatch.setattr(server, "serve", lambda *_: seen.append(os.environ[name]))
    monkeypatch.setattr("sys.argv", ["ui", f"uri={uri}", "port=5987"])
    for own in ({}, {name: "true"}):
        with monkeypatch.context() as changed:
            others = {key: value for key, value in os.environ.items() if key != name}
            changed.setattr("os.environ", others | own)
            ui.main()
    assert seen == ["false", "true"]


def test_another_version_of_mlflow_serves_by_its_own_command(monkeypatch, uri, capsys):
    monkeypatch.setitem(sys.modules, "automl.tracking.server", None)
    monkeypatch.delattr("automl.tracking.server", raising=False)
    monkeypatch.setattr("sys.argv", ["ui", f"uri={uri}", "port=5987"])
    monkeypatch.setattr("os.environ", dict(os.environ))

    def replaced(program, command):
        assert (program, command[1:4]) == (sys.executable, ["-m", "mlflow", "server"])
        assert command[command.index("--backend-store-uri") + 1] == uri
        assert command[command.index("--port") + 1] == "5987"
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "execv", replaced)
    ui.main()
    assert "http://127.0.0.1:5987" in capsys.readouterr().out


def test_a_store_that_cannot_be_opened_is_one_line(monkeypatch, database, capsys):
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    monkeypatch.setattr("sys.argv", ["ui", f"uri=sqlite:///{database}", "port=5987"])
    monkeypatch.setattr("os.environ", dict(os.environ))
    with pytest.raises(SystemExit) as caught:
        ui.main()
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"automl: uri=sqlite:///{database}: ")
    assert "mlflow db upgrade" in printed.err
    assert printed.err.count("\n") == 1
