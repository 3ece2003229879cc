"""MLflow's pages for one store, served by this process. Imports MLflow: `SERVER_ENVIRONMENT` first.

``mlflow server`` starts two processes for this, which import MLflow one after the other, and leaves
what its pages ask first (a second of imports and statements to compile) to the first visit. A
version of MLflow without one of the names that are imported here has to be served by that command.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from mlflow.server import app as pages
from mlflow.server.constants import (
    ARTIFACT_ROOT_ENV_VAR,
    ARTIFACTS_DESTINATION_ENV_VAR,
    BACKEND_STORE_URI_ENV_VAR,
    SERVE_ARTIFACTS_ENV_VAR,
)
from mlflow.server.handlers import initialize_backend_stores
from starlette.types import ASGIApp, Message

from automl.tracking.server_files import file_routes
from automl.tracking.ui import first_page

HOST = "127.0.0.1"
_API = "/ajax-api/2.0/mlflow"
_EXPERIMENT = (
    "query MlflowGetExperimentQuery($input: MlflowGetExperimentInput!) "
    "{ mlflowGetExperiment(input: $input) { experiment { experimentId name } } }"
)
_GRACE_SECONDS = 2
_OK = 200


def open_store(uri: str, artifact_root: str | None) -> None:
    """Open the store that this process serves.

    Args:
        uri: An absolute tracking URI of a database.
        artifact_root: Where experiments that are made in the pages keep their artifacts.

    Raises:
        mlflow.exceptions.MlflowException: It cannot be opened, or is of another version of MLflow.
        sqlalchemy.exc.SQLAlchemyError: The database does not answer.
    """
    served = {
        BACKEND_STORE_URI_ENV_VAR: uri,
        ARTIFACT_ROOT_ENV_VAR: artifact_root or "mlflow-artifacts:/",
        SERVE_ARTIFACTS_ENV_VAR: "true",
        ARTIFACTS_DESTINATION_ENV_VAR: "./mlartifacts",
    }
    os.environ.update(served)
    initialize_backend_stores(uri, uri, served[ARTIFACT_ROOT_ENV_VAR])


def serve(uri: str, port: int, ready: Callable[[], None]) -> None:
    """Serve the store until interrupted.

    Args:
        uri: Of the store, as `open_store` had it.
        port: On this machine alone.
        ready: Called when the pages answer, and answer fast.
    """
    app = application(uri)
    asyncio.run(warm(app, port))
    config = uvicorn.Config(
        app,
        host=HOST,
        port=port,
        log_level=logging.WARNING,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    _Server(config, ready).run()


def application(uri: str) -> ASGIApp:
    """Return MLflow's application with quicker ways for its files, on the store at ``uri``."""
    with warnings.catch_warnings():
        # MLflow's matter, not the reader's.
        warnings.simplefilter("ignore")
        from mlflow.server.fastapi_app import app as found

    # Before MLflow's own, which take everything; behind its checks of who asks.
    found.router.routes[:0] = file_routes(Path(str(pages.static_folder)), partial(first_page, uri))
    app: ASGIApp = found
    return app


async def warm(app: ASGIApp, port: int) -> None:
    """Ask once what a first page asks, so that no visitor waits for imports and caches."""
    status, answer = await _ask(
        app, port, "POST", f"{_API}/experiments/search", {"max_results": 100}
    )
    found = json.loads(answer).get("experiments", []) if status == _OK else []
    experiments = [experiment["experiment_id"] for experiment in found]
    if not experiments:
        return
    search = {
        "experiment_ids": experiments,
        "max_results": 100,
        "order_by": ["attributes.start_time DESC"],
        "run_view_type": "ACTIVE_ONLY",
    }
    query = {
        "operationName": "MlflowGetExperimentQuery",
        "variables": {"input": {"experimentId": experiments[0]}},
        "query": _EXPERIMENT,
    }
    models = {"experiment_ids": experiments, "max_results": 1}
    await _ask(app, port, "POST", f"{_API}/runs/search", search)
    await _ask(app, port, "POST", f"{_API}/logged-models/search", models)
    await _ask(app, port, "POST", "/graphql", query)
    for path in ("server-info", "assistant/config", "assistant/providers"):
        await _ask(app, port, "GET", f"/ajax-api/3.0/mlflow/{path}", None)


async def _ask(app: ASGIApp, port: int, method: str, path: str, body: Any) -> tuple[int, bytes]:
    """Return status and content of an answer, without a connection."""
    question = b"" if body is None else json.dumps(body).encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"host", f"{HOST}:{port}".encode()),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(question)).encode()),
        ],
        "client": (HOST, 0),
        "server": (HOST, port),
    }
    status, answer = 0, bytearray()

    async def receive() -> Message:
        return {"type": "http.request", "body": question, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        answer.extend(message.get("body", b""))

    await app(scope, receive, send)
    return status, bytes(answer)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, *args: Any, **options: Any) -> None:
        await super().startup(*args, **options)
        if self.started:
            self._ready()
