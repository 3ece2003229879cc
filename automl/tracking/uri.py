"""Tracking URIs: what they point at, in full."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

SQLITE = "sqlite:///"


def absolute_uri(uri: str, base: Path | None = None) -> str:
    """Return ``uri`` with a relative SQLite file made absolute; other URIs stay as they are.

    Args:
        uri: A tracking URI.
        base: Folder that a relative file is relative to; the current one where not given.
    """
    path = sqlite_path(uri, base)
    return uri if path is None else f"{SQLITE}{path}"


def sqlite_path(uri: str, base: Path | None = None) -> Path | None:
    """Return the absolute file of an SQLite URI, or None for any other URI."""
    if not uri.startswith(SQLITE):
        return None
    path = Path(uri.removeprefix(SQLITE).partition("?")[0]).expanduser()
    return (base or Path.cwd()) / path


def artifact_location(uri: str, root: str | None, experiment: str) -> str | None:
    """Return where the artifacts of an experiment lie, or None where a server decides.

    Args:
        uri: An absolute tracking URI.
        root: A folder or URI under which each experiment has a folder of its own. Where it is
            None, an SQLite store keeps artifacts in ``artifacts`` beside the database: MLflow's
            own choice would be ``mlruns`` in whatever folder the process stands in.
        experiment: The experiment's name.
    """
    folder = re.sub(r"[^\w.-]+", "_", experiment)
    if root is not None and "://" in root:
        return f"{root.rstrip('/')}/{quote(folder)}"
    if root is not None:
        return (Path(root).expanduser().absolute() / folder).as_uri()
    path = sqlite_path(uri)
    return None if path is None else (path.parent / "artifacts" / folder).as_uri()
