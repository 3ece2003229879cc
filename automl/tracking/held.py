"""What a store has of a finished search, asked without MLflow, whose import takes seconds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from automl.tracking.check import BUSY_SECONDS, get
from automl.tracking.uri import absolute_uri, sqlite_path

_RUNS = """
SELECT runs.run_uuid, runs.status, runs.artifact_uri FROM tags JOIN runs USING (run_uuid)
WHERE tags.key = 'automl.search_id' AND tags.value = ? AND runs.lifecycle_stage = 'active'
ORDER BY runs.run_uuid
"""
_MODELS = "SELECT name, version FROM model_versions WHERE run_id = ?"

Held = Mapping[str, Any]
"""``runs``: how many runs have each status, of a server the search's own run alone; ``model``:
name and version under which the chosen model is registered, or None."""


def held(uri: str, search_id: str, run_id: str) -> Held | None:
    """Return what a store has of a search; None where that cannot be told soon, or at all.

    Args:
        uri: Tracking URI.
        search_id: As the search's ledger has it.
        run_id: MLflow's id of the search's own run.
    """
    path = sqlite_path(absolute_uri(uri))
    try:
        if path is not None:
            return _of_file(path, search_id, run_id)
        if uri.startswith(("http://", "https://")):
            return _of_server(uri, run_id)
    except (OSError, ValueError, LookupError, TypeError, HTTPException, sqlite3.Error):
        pass
    return None


def _of_file(path: Path, search_id: str, run_id: str) -> Held | None:
    address = f"file:{quote(str(path))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as database:
        runs = database.execute(_RUNS, [search_id]).fetchall()
        models = database.execute(_MODELS, [run_id]).fetchall()
    (artifacts,) = (artifacts for identifier, _, artifacts in runs if identifier == run_id)
    place = urlsplit(artifacts)
    if place.scheme == "file" and not Path(unquote(place.path), "report.html").exists():
        return None
    statuses = [status for _, status, _ in runs]
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    return {"runs": counts, "model": _model(models)}


def _of_server(uri: str, run_id: str) -> Held | None:
    api = "/api/2.0/mlflow"
    run = json.loads(get(uri, f"{api}/runs/get?{urlencode({'run_id': run_id})}"))["run"]["info"]
    if run["lifecycle_stage"] != "active":
        return None
    query = urlencode({"filter": f"run_id='{run_id}'"})
    found = json.loads(get(uri, f"{api}/model-versions/search?{query}"))
    models = [(one["name"], one["version"]) for one in found.get("model_versions", ())]
    return {"runs": {run["status"]: 1}, "model": _model(models)}


def _model(found: list[Any]) -> list[Any] | None:
    return [str(found[0][0]), int(found[0][1])] if found else None
