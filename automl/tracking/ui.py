"""The command that opens a tracking store in a browser."""

from __future__ import annotations

import sys
from pathlib import Path

from automl.tracking.uri import SQLITE, absolute_uri, sqlite_path

DEFAULT_PORT = 5000


def default_uri(project: Path) -> str:
    """Return the store that a project's searches write to unless they are told otherwise."""
    return f"{SQLITE}{project.absolute() / 'mlflow' / 'mlflow.db'}"


def ui_command(uri: str, port: int = DEFAULT_PORT) -> list[str]:
    """Return the command that serves MLflow's pages for a store, to this machine alone.

    Args:
        uri: Tracking URI of a database.
        port: Port on 127.0.0.1.

    Raises:
        ValueError: There is no store at ``uri``, or it is a server that has pages of its own.
    """
    if uri.startswith(("http://", "https://")):
        raise ValueError(f"uri={uri} is a server already: open it in a browser")
    if not 0 < port < 65536:
        raise ValueError(f"port={port}: use a number from 1 to 65535")
    path = sqlite_path(uri)
    if path is not None and not path.is_file():
        raise ValueError(f"uri={uri}: there is no store yet; a search writes it")
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", absolute_uri(uri)]
    if path is not None:
        command += ["--default-artifact-root", (path.parent.absolute() / "artifacts").as_uri()]
    return [*command, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
