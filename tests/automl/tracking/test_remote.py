"""A tracking server with credentials from the environment: all that a file gets, and no secret."""

from __future__ import annotations

import base64
import threading

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from automl.tracking.mirror import Mirror
from automl.tracking.model import LoggedModel

USER, PASSWORD = "ada", "a-secret-of-hers"
IMAGES = np.zeros((1, 4, 6), np.uint8)
NAME = "diffranet-synthetic-4x6"


class Blank(ClassifierMixin, BaseEstimator):
    def predict(self, images):
        return np.zeros(len(images), np.int64)


@pytest.fixture
def server(uri, tmp_path, monkeypatch):
    """MLflow's own application on a copy of the store, behind a gate that asks for a password."""
    artifacts = (tmp_path / "served").as_uri()
    for name, value in {
        "FILE_STORE": uri,
        "REGISTRY_STORE": uri,
        "ARTIFACT_ROOT": "mlflow-artifacts:/",
        "ARTIFACT_DESTINATION": artifacts,
        "SERVE_ARTIFACTS": "true",
    }.items():
        monkeypatch.setenv(f"_MLFLOW_SERVER_{name}", value)
    from mlflow.server import app, handlers
    from werkzeug.serving import WSGIRequestHandler, make_server

    # The application makes its store MLflow's global one, in whatever process it runs.
    for module in ("_tracking_service", "_model_registry"):
        name = {"_tracking_service": "_tracking_uri", "_model_registry": "_registry_uri"}[module]
        monkeypatch.setattr(f"mlflow.tracking.{module}.utils.{name}", None)
    # And it tells processes to come, in the environment: an empty word says nothing.
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.setenv(name, "")
    for name in ("_tracking_store", "_model_registry_store", "_artifact_repo"):
        monkeypatch.setattr(handlers, name, None)
    wanted = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"

    def gate(environ, start_response):
        if environ.get("HTTP_AUTHORIZATION") != wanted:
            start_response("401 Unauthorized", [("Content-Type", "text/plain")])
            return [b"who are you?"]
        return app(environ, start_response)

    class Quiet(WSGIRequestHandler):
        def log(self, *_):
            pass

    running = make_server("127.0.0.1", 0, gate, threaded=True, request_handler=Quiet)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.port}"
    running.shutdown()


def mirrored(address, ledgers, warn):
    mirror = Mirror(address, "diffranet", warn=warn, interval=0.0)
    mirror.start(ledgers.whole_search())
    model = LoggedModel("sklearn", Blank(), IMAGES, np.zeros(1, np.int64))
    mirror.finish(results=ledgers.results(), files={}, figures={}, model=lambda: model, time=0)
    return mirror.close(30)


def test_a_server_gets_what_a_file_gets(server, dump, ledgers, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", USER)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    assert mirrored(server, ledgers, pytest.fail) == []

    from mlflow.tracking import MlflowClient

    client = MlflowClient(server)
    assert "mlflow.sharedViewState.automl-searches" in client.get_experiment("1").tags
    version = client.get_model_version_by_alias(NAME, "champion")
    (entry,) = client.search_logged_models(["1"])
    assert version.source == entry.artifact_location
    assert NAME in entry.tags["mlflow.modelVersions"]
    import mlflow

    mlflow.set_tracking_uri(server)
    loaded = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    assert loaded.predict(IMAGES).tolist() == [0]

    assert dump()["deepfreak_bohb-smoke-seed0"]["status"] == "FINISHED"
    assert len(dump()) == 6
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path


def test_without_credentials_a_line_says_so_and_the_search_goes_on(server, ledgers):
    warnings: list[str] = []
    (problem,) = mirrored(server, ledgers, warnings.append)
    assert len(warnings) == 1
    assert "401" in warnings[0] + problem
