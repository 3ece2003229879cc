"""Whether a tracking URI can work, told before a search begins. Creates nothing."""

from __future__ import annotations

import base64
import os
import socket
import sqlite3
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from automl.disclosure import hidden
from automl.tracking.uri import SQLITE, sqlite_path

TIMEOUT_SECONDS = 3.0
BUSY_SECONDS = 20.0  # as MLflow waits for another writer
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
_SERVERS = ("http", "https")
_KNOWN = (
    "sqlite:///FOLDER/mlflow.db, http://HOST:PORT, https://…, postgresql://…, mysql://…, mssql://…"
)
_SQLITE_MAGIC = b"SQLite format 3\0"


class UnreachableError(ValueError):
    """The URI is well formed, but the store behind it does not answer now."""


def check_uri(uri: str) -> None:
    """Refuse a tracking URI that cannot work.

    An SQLite file may be absent as long as it can be created; a server has to answer within
    three seconds.

    Raises:
        UnreachableError: It does not answer, which may pass.
        ValueError: One line that says what is wrong and what to do.
    """
    try:
        _check(uri)
    except UnreachableError as error:
        raise UnreachableError(hidden(str(error))) from error
    except ValueError as error:
        raise ValueError(hidden(str(error))) from error


def _check(uri: str) -> None:
    if uri.startswith(SQLITE):
        _check_sqlite(uri)
        return
    if not uri.strip():
        raise ValueError(
            f"tracking uri {uri!r}: is empty; use {SQLITE}mlflow/mlflow.db, or null for none"
        )
    scheme = _scheme(uri)
    if scheme in _SERVERS:
        _check_server(uri)
    elif scheme in _PORTS:
        _check_database(uri, _PORTS[scheme])
    elif scheme in ("", "file"):
        raise ValueError(
            f"tracking uri {uri!r}: MLflow refuses file stores since 3.13; "
            f"use {SQLITE}{_suggestion(uri)} instead"
        )
    elif scheme == "sqlite":
        raise ValueError(
            f"tracking uri {uri!r}: an SQLite file takes three slashes before its path, "
            f"four where the path is absolute: {SQLITE}mlflow/mlflow.db"
        )
    else:
        raise ValueError(f"tracking uri {uri!r}: unknown scheme '{scheme}'; these work: {_KNOWN}")


def _scheme(uri: str) -> str:
    if "://" not in uri and ":" not in uri[:12]:
        return ""
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError as error:
        # Its text may repeat a password that is taken for a port.
        raise ValueError(
            f"tracking uri {uri!r}: host or port cannot be read; write SCHEME://HOST:PORT"
        ) from error
    scheme = parts.scheme.partition("+")[0]
    if not parts.hostname and (scheme in _PORTS or scheme in _SERVERS):
        raise ValueError(f"tracking uri {uri!r}: names no host; write SCHEME://HOST:PORT")
    return scheme


def _suggestion(uri: str) -> str:
    path = uri.removeprefix("file://").removeprefix("file:").removeprefix("./").rstrip("/")
    return f"{path}/mlflow.db" if path else "mlflow/mlflow.db"


def _check_sqlite(uri: str) -> None:
    path = sqlite_path(uri)
    if path is None or uri == SQLITE or path.name == ":memory:":
        raise ValueError(
            f"tracking uri {uri!r}: names no file, so nothing would be kept; "
            f"use {SQLITE}mlflow/mlflow.db"
        )
    if path.is_dir():
        raise ValueError(f"tracking uri {uri!r}: {path} is a folder; name a file in it")
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise ValueError(f"tracking uri {uri!r}: {folder} is a file where a folder is needed")
    # SQLite writes a journal beside the database: the folder must be writable too.
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(f"tracking uri {uri!r}: no permission to write in {folder}")
    if path.exists():
        _check_sqlite_file(uri, path)


def _check_sqlite_file(uri: str, path: Path) -> None:
    if not os.access(path, os.R_OK | os.W_OK):
        raise ValueError(f"tracking uri {uri!r}: no permission to read and write {path}")
    with path.open("rb") as file:
        start = file.read(len(_SQLITE_MAGIC))
    if start not in (b"", _SQLITE_MAGIC):
        raise ValueError(f"tracking uri {uri!r}: {path} is no SQLite file; name another one")
    try:
        # Not read-only: a writer that was killed leaves a journal, and only a connection that may
        # write can roll it back. The mode creates nothing.
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw", uri=True, timeout=BUSY_SECONDS
        )
        try:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            tables = {name for (name,) in connection.execute(query)}
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        raise UnreachableError(
            f"tracking uri {uri!r}: {path} cannot be read now ({error})"
        ) from error
    except sqlite3.Error as error:
        raise ValueError(f"tracking uri {uri!r}: {path} cannot be read ({error})") from error
    if tables and not tables & {"experiments", "alembic_version"}:
        raise ValueError(
            f"tracking uri {uri!r}: {path} is the database of another program; name another file"
        )


def _check_server(uri: str) -> None:
    try:
        with urllib.request.urlopen(_request(uri, "/health"), timeout=TIMEOUT_SECONDS) as response:
            status = response.status
    except urllib.error.HTTPError as error:
        status = error.code
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise UnreachableError(
            f"tracking uri {uri!r}: no MLflow server answers ({reason}); "
            "start it, or choose tracking=sqlite or tracking=none"
        ) from error
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise ValueError(
            f"tracking uri {uri!r}: the server refuses us ({status}); set "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise UnreachableError(
            f"tracking uri {uri!r}: the server is not well (/health says {status}); mend it, "
            "or choose tracking=sqlite or tracking=none"
        )
    if status != HTTPStatus.OK:
        raise ValueError(
            f"tracking uri {uri!r}: something answers, but /health says {status}; "
            "is this the address of an MLflow server?"
        )


def get(uri: str, path: str) -> bytes:
    """Return what an MLflow server answers, asked as MLflow's own client would ask.

    Raises:
        OSError: It does not answer within three seconds, or refuses.
        HTTPException: What answers speaks no HTTP.
    """
    with urllib.request.urlopen(_request(uri, path), timeout=TIMEOUT_SECONDS) as response:
        answer: bytes = response.read()
    return answer


def _request(uri: str, path: str) -> urllib.request.Request:
    parts = urlsplit(uri.rstrip("/"))
    # urllib takes what stands before the host for a part of it.
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    own = (parts.username, parts.password) if parts.username is not None else None
    return urllib.request.Request(f"{bare}{path}", headers=_credentials(own))


def _credentials(own: tuple[str, str | None] | None) -> dict[str, str]:
    """Return the header that MLflow's own client would send: of the URI, or the environment's."""
    if own is not None:
        return _basic(unquote(own[0]), unquote(own[1] or ""))
    user = os.environ.get("MLFLOW_TRACKING_USERNAME")
    if user is not None:
        return _basic(user, os.environ.get("MLFLOW_TRACKING_PASSWORD", ""))
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def _basic(user: str, password: str) -> dict[str, str]:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def _check_database(uri: str, default_port: int) -> None:
    parts = urlsplit(uri)
    try:
        address = (parts.hostname or "", parts.port or default_port)
        with socket.create_connection(address, timeout=TIMEOUT_SECONDS):
            pass
    except (OSError, ValueError) as error:
        # The URI may hold a password: only the host is repeated.
        raise UnreachableError(
            f"tracking uri {parts.scheme}://…@{parts.hostname}: no database server answers "
            f"({error}); start it, or choose tracking=sqlite or tracking=none"
        ) from error
