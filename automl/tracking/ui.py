"""What opens a tracking store in a browser: checks, addresses, the server's settings."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlencode

from automl.disclosure import hidden
from automl.tracking.links import TRAINING
from automl.tracking.run_view import SEARCH
from automl.tracking.saved_views import SEARCHES
from automl.tracking.uri import SQLITE, sqlite_path

DEFAULT_PORT = 5000
SERVER_ENVIRONMENT = {
    # Jobs score language models; this server has no processes for them.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}
"""For the server, unless the user has set them."""
_LATEST = (
    "SELECT max(r.start_time) FROM runs r JOIN tags k ON k.run_uuid = r.run_uuid "
    f"WHERE r.experiment_id = e.experiment_id AND k.key = 'automl.kind' AND k.value = '{SEARCH}' "
    "AND r.lifecycle_stage = 'active'"
)


def default_uri(project: Path) -> str:
    """Return the store that a project's searches write to unless they are told otherwise."""
    return f"{SQLITE}{project.absolute() / 'mlflow' / 'mlflow.db'}"


def check_served(uri: str, port: int) -> None:
    """Refuse what has no pages to serve.

    Args:
        uri: Tracking URI of a database.
        port: Port on 127.0.0.1.

    Raises:
        ValueError: There is no store at ``uri``, it is a server that has pages of its own, or
            the port is none.
    """
    if uri.startswith(("http://", "https://")):
        raise ValueError(f"uri={hidden(uri)} is a server already: open it in a browser")
    if not 0 < port < 65536:
        raise ValueError(f"port={port}: use a number from 1 to 65535")
    path = sqlite_path(uri)
    if path is not None and not path.is_file():
        raise ValueError(f"uri={uri}: there is no store yet; a search writes it")


def artifact_root(uri: str) -> str | None:
    """Return where artifacts of a store lie that are not told otherwise; None: MLflow decides."""
    path = sqlite_path(uri)
    return None if path is None else (path.parent.absolute() / "artifacts").as_uri()


def mlflow_command(uri: str, port: int) -> list[str]:
    """Return MLflow's own command for the pages, to this machine alone."""
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    root = artifact_root(uri)
    if root is not None:
        command += ["--default-artifact-root", root]
    return [*command, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]


def pages(uri: str, port: int = DEFAULT_PORT) -> list[tuple[str, str]]:
    """Return (experiment, address of the list of its searches), for a store in an SQLite file.

    Empty where the store does not say, or has no such view.
    """
    root = f"http://127.0.0.1:{port}/"
    return [(name, root + _fragment(number)) for name, number in _experiments(uri, "e.name")]


def first_page(uri: str) -> str | None:
    """Return the fragment of the list of searches in the experiment with the latest search.

    None where the store does not say, or has no such view.
    """
    found = _experiments(uri, f"({_LATEST}) DESC, e.experiment_id DESC LIMIT 1")
    return _fragment(found[0][1]) if found else None


def _experiments(uri: str, order: str) -> list[tuple[str, int]]:
    """Return name and number of each experiment that has a list of searches."""
    path = sqlite_path(uri)
    if path is None:
        return []
    query = (
        "SELECT e.name, e.experiment_id FROM experiments e JOIN experiment_tags t "
        "ON t.experiment_id = e.experiment_id WHERE t.key = ? AND e.lifecycle_stage = 'active' "
        f"ORDER BY {order}"
    )
    try:
        file = f"file:{quote(str(path))}?mode=ro"
        with closing(sqlite3.connect(file, uri=True)) as connection:
            return connection.execute(query, [SEARCHES]).fetchall()
    except sqlite3.Error:
        return []


def _fragment(number: int) -> str:
    options = urlencode({"viewStateShareKey": SEARCHES.rpartition(".")[2], **TRAINING})
    return f"#/experiments/{number}/runs?{options}"
