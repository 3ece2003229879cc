from __future__ import annotations

import http.server
import os
import socket
import sqlite3
import subprocess
import sys
import threading

import pytest

from automl.tracking import check
from automl.tracking.check import check_uri


@pytest.fixture
def server():
    """A server whose /health answers with the status it is told."""

    class Handler(http.server.BaseHTTPRequestHandler):
        status = 200
        seen: list[tuple[str, str | None]] = []

        def do_GET(self):
            self.seen.append((self.path, self.headers.get("Authorization")))
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        Handler.address = f"http://127.0.0.1:{running.server_address[1]}"
        yield Handler
        running.shutdown()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def refusal(uri: str) -> str:
    with pytest.raises(ValueError) as caught:
        check_uri(uri)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("uri", ["file:./mlruns", "file:///data/mlruns", "./mlruns", "mlruns"])
def test_file_stores_are_refused_with_what_to_use_instead(uri):
    message = refusal(uri)
    assert "refuses file stores since 3.13" in message
    assert "mlruns/mlflow.db" in message


def test_unknown_schemes_are_refused_with_those_that_work():
    message = refusal("mongodb://host/x")
    assert "unknown scheme 'mongodb'" in message
    assert "postgresql://" in message


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:mlflow.db", "sqlite://mlflow.db"])
def test_too_few_slashes(uri):
    assert "three slashes" in refusal(uri)


@pytest.mark.parametrize("uri", ["sqlite:///", "sqlite:///:memory:"])
def test_stores_that_keep_nothing(uri):
    assert "names no file" in refusal(uri)


def test_an_absent_store_is_fine_and_not_created(tmp_path):
    check_uri(f"sqlite:///{tmp_path}/new/deeper/mlflow.db")
    assert list(tmp_path.iterdir()) == []


def test_a_relative_store_is_fine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_uri("sqlite:///mlflow/mlflow.db")


def test_a_real_store_is_fine(uri):
    check_uri(uri)


def test_a_folder_is_refused(tmp_path):
    assert "is a folder" in refusal(f"sqlite:///{tmp_path}")


def test_a_path_through_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "is a file where a folder is needed" in refusal(f"sqlite:///{tmp_path}/file/x.db")


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "notes.db").write_text("not a database at all")
    assert "is no SQLite file" in refusal(f"sqlite:///{tmp_path}/notes.db")


def test_the_database_of_another_program_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE bookmarks (id INTEGER)")
    assert "another program" in refusal(f"sqlite:///{tmp_path}/other.db")


def test_a_broken_database_is_refused(tmp_path):
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 200)
    assert "cannot be read" in refusal(f"sqlite:///{tmp_path}/broken.db")


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    allowed = os.access
    monkeypatch.setattr(
        check.os, "access", lambda path, mode: path != tmp_path and allowed(path, mode)
    )
    assert "no permission to write" in refusal(f"sqlite:///{tmp_path}/mlflow.db")


KILLED_WRITER = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("create table experiments (name)")
connection.execute("insert into experiments values ('kept')")
connection.execute("pragma cache_size = 5")
connection.execute("begin")
for _ in range(2000):
    connection.execute("insert into experiments values (?)", ("x" * 500,))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_store_whose_writer_was_killed_is_rolled_back_and_fine(tmp_path):
    path = tmp_path / "mlflow.db"
    subprocess.run([sys.executable, "-c", KILLED_WRITER, str(path)], check=False)
    assert (tmp_path / "mlflow.db-journal").stat().st_size > 0, "there is something to roll back"
    check_uri(f"sqlite:///{path}")
    rows = sqlite3.connect(path).execute("select name from experiments").fetchall()
    assert rows == [("kept",)]


def test_a_server_that_answers_is_fine(server):
    check_uri(f"{server.address}/base/")
    assert server.seen == [("/base/health", None)]


def test_credentials_are_sent(server, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    check_uri(server.address)
    assert server.seen == [("/health", "Basic YWRhOnNlY3JldA==")]


@pytest.mark.parametrize(
    ("status", "words"), [(401, "MLFLOW_TRACKING_USERNAME"), (404, "/health says 404")]
)
def test_a_server_that_refuses(server, status, words):
    server.status = status
    assert words in refusal(server.address)


@pytest.mark.parametrize("scheme", ["http", "postgresql"])
def test_a_dead_server(scheme):
    message = refusal(f"{scheme}://user:secret@127.0.0.1:{free_port()}")
    assert "answers" in message
    assert "secret" not in message


def test_checking_imports_no_mlflow():
    code = (
        "import sys, automl.tracking.check, automl.tracking.mirror, automl.tracking.model\n"
        "assert not {'mlflow', 'torch', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
