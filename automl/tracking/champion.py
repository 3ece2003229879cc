"""Which version of a registered model is its champion: the rule, and what a store says.

Asked without MLflow, whose import takes seconds.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote, urlencode

from automl.tracking import naming
from automl.tracking.check import BUSY_SECONDS, get
from automl.tracking.uri import absolute_uri, sqlite_path

ACCURACY, DATA = "automl.validation_accuracy", "automl.data_digest"
"""Tags of a version, by which the champion is found."""
_ALIAS = "SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?"
_VERSIONS = """
SELECT v.version, a.value, d.value FROM model_versions v
LEFT JOIN model_version_tags a ON a.name = v.name AND a.version = v.version AND a.key = ?
LEFT JOIN model_version_tags d ON d.name = v.name AND d.version = v.version AND d.key = ?
WHERE v.name = ? AND v.current_stage != 'Deleted_Internal' ORDER BY v.version
"""


@dataclass(frozen=True)
class Version:
    """A version: its number, confirmed validation accuracy, and digest of the data."""

    number: int
    accuracy: float | None
    data: str | None


@dataclass(frozen=True)
class Champion:
    """What a store says of a name: the version that the alias belongs to, and all of them."""

    version: Version
    versions: tuple[Version, ...]

    def moved_from(self, number: int) -> Version | None:
        """Return the champion that was replaced when a version came.

        None if it was the first, or the champion stayed, or newer versions came since.
        """
        older = [found for found in self.versions if found.number < number]
        if not older or len(older) < len(self.versions) - 1:
            return None
        before = best(older)
        return None if before == self.version else before

    def data_of(self, number: int) -> str | None:
        """Return the digest of the data that a version learned from."""
        return next((found.data for found in self.versions if found.number == number), None)


@dataclass(frozen=True)
class Registered:
    """A search's model in the registry; ``champion`` is None where the store does not say."""

    name: str
    version: int
    champion: Champion | None = None


def version(number: int | str, tags: Mapping[str, str]) -> Version:
    """Return a version from its tags."""
    try:
        accuracy = float(tags[ACCURACY])
    except (KeyError, ValueError):
        accuracy = None
    return Version(int(number), accuracy, tags.get(DATA))


def best(versions: Iterable[Version]) -> Version:
    """Return the version that the alias belongs to.

    It has the highest accuracy among those that learned from the same data as the newest one, as
    accuracies on other data are not comparable; of equals it is the oldest, so that nothing
    changes where nothing got better.
    """
    known = list(versions)
    newest = max(known, key=lambda found: found.number)
    rivals = [found for found in known if found.data == newest.data]
    return max(rivals, key=lambda found: (_worth(found), -found.number))


def champion(uri: str, name: str) -> Champion | None:
    """Return what a store says of a name's champion; None where that cannot be told soon.

    Args:
        uri: Tracking URI.
        name: Of the registered model.
    """
    path = sqlite_path(absolute_uri(uri))
    try:
        if path is not None:
            return _champion(*_of_file(path, name))
        if uri.startswith(("http://", "https://")):
            return _champion(*_of_server(uri, name))
    except (OSError, ValueError, LookupError, TypeError, HTTPException, sqlite3.Error):
        pass
    return None


def _champion(number: int, versions: list[Version]) -> Champion:
    (holder,) = (found for found in versions if found.number == number)
    return Champion(holder, tuple(versions))


def _of_file(path: Path, name: str) -> tuple[int, list[Version]]:
    address = f"file:{quote(str(path))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as database:
        ((number,),) = database.execute(_ALIAS, [name, naming.CHAMPION]).fetchall()
        rows = database.execute(_VERSIONS, [ACCURACY, DATA, name]).fetchall()
    return int(number), [
        version(found, {key: value for key, value in ((ACCURACY, a), (DATA, d)) if value})
        for found, a, d in rows
    ]


def _of_server(uri: str, name: str) -> tuple[int, list[Version]]:
    api, versions, token = "/api/2.0/mlflow", list[Version](), ""
    asked = f"{api}/registered-models/get?{urlencode({'name': name})}"
    aliases = json.loads(get(uri, asked))["registered_model"]["aliases"]
    (number,) = (one["version"] for one in aliases if one["alias"] == naming.CHAMPION)
    while True:
        query = urlencode({"filter": f"name='{name}'", "page_token": token})
        page = json.loads(get(uri, f"{api}/model-versions/search?{query}"))
        for one in page.get("model_versions", ()):
            tags = {tag["key"]: tag["value"] for tag in one.get("tags", ())}
            versions.append(version(one["version"], tags))
        token = page.get("next_page_token", "")
        if not token:
            return int(number), versions


def _worth(found: Version) -> float:
    return -1.0 if found.accuracy is None else found.accuracy
