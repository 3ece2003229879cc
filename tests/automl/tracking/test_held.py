"""What an MLflow server is asked about a finished search, without MLflow."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from automl.tracking.champion import Champion, Version, champion
from automl.tracking.held import held

RUN = "f" * 32
NAME = "diffranet-real-8x8"


@pytest.fixture
def server():
    """A server's address and its answers by path, which may be changed."""
    answers = {
        "/api/2.0/mlflow/runs/get": {
            "run": {"info": {"status": "FINISHED", "lifecycle_stage": "active"}}
        },
        "/api/2.0/mlflow/model-versions/search": {
            "model_versions": [{"name": "diffranet-real-8x8", "version": "3"}]
        },
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path, _, query = self.path.partition("?")
            found = answers.get(path) if RUN in query or NAME in query else None
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}", answers
    listening.shutdown()
    listening.server_close()


def test_a_server_says_what_it_has(server):
    uri, answers = server
    whole = {"runs": {"FINISHED": 1}, "model": ["diffranet-real-8x8", 3]}
    assert held(uri, "search", RUN) == whole
    answers["/api/2.0/mlflow/model-versions/search"] = {}
    assert held(uri, "search", RUN) == {**whole, "model": None}


def test_a_server_says_who_is_the_champion(server):
    uri, answers = server
    assert champion(uri, NAME) is None
    aliases = [{"alias": "mine", "version": "2"}, {"alias": "champion", "version": "3"}]
    answers["/api/2.0/mlflow/registered-models/get"] = {"registered_model": {"aliases": aliases}}
    tags = [
        {"key": "automl.validation_accuracy", "value": "0.5"},
        {"key": "automl.data_digest", "value": "d"},
    ]
    versions = [{"version": "2"}, {"version": "3", "tags": tags}]
    answers["/api/2.0/mlflow/model-versions/search"] = {"model_versions": versions}
    holder = Version(3, 0.5, "d")
    assert champion(uri, NAME) == Champion(holder, (Version(2, None, None), holder))


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"run": {"info": {"status": "FINISHED", "lifecycle_stage": "deleted"}}}],
)
def test_a_run_that_is_gone_is_held_by_nobody(server, answer):
    uri, answers = server
    answers["/api/2.0/mlflow/runs/get"] = answer
    assert held(uri, "search", RUN) is None


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "postgresql://host/mlflow", "nonsense"])
def test_what_cannot_be_asked_soon_is_not_told(uri):
    assert held(uri, "search", RUN) is None
    assert champion(uri, NAME) is None
