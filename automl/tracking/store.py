"""A connection to an MLflow store. Imports MLflow: call `quiet.hush` first."""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlflow.tracking import MlflowClient

from automl.tracking.quiet import silence_loggers
from automl.tracking.uri import artifact_location, sqlite_path


@dataclass(frozen=True)
class Store:
    """A client together with the experiment it writes to."""

    client: MlflowClient
    experiment_id: str


def connect(uri: str, experiment: str, artifact_root: str | None) -> Store:
    """Open the store, with its schema and the experiment made where they are missing.

    Args:
        uri: An absolute tracking URI.
        experiment: The experiment's name.
        artifact_root: See `automl.tracking.uri.artifact_location`.

    Raises:
        RuntimeError: The experiment was deleted in MLflow.
        mlflow.exceptions.MlflowException: The store cannot be opened or does not answer.
        OSError: The database's folder cannot be made.
    """
    silence_loggers()
    path = sqlite_path(uri)
    if path is None:
        return _open(uri, experiment, artifact_root)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two processes that migrate a fresh SQLite file at once leave one of them with an error.
    with _locked(path.with_name(f"{path.name}.lock")):
        return _open(uri, experiment, artifact_root)


def _open(uri: str, experiment: str, artifact_root: str | None) -> Store:
    client = MlflowClient(uri)
    found = client.get_experiment_by_name(experiment)
    if found is None:
        location = artifact_location(uri, artifact_root, experiment)
        return Store(client, client.create_experiment(experiment, artifact_location=location))
    if found.lifecycle_stage != "active":
        raise RuntimeError(
            f"experiment '{experiment}' was deleted in MLflow: restore it with "
            f"`mlflow experiments restore -x {found.experiment_id}`, "
            "or set tracking.experiment to another name"
        )
    return Store(client, found.experiment_id)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            # Some network file systems have no locks; there the race is left to chance.
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                raise
        yield
