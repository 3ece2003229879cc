"""Files of a finished search beside its run in MLflow."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from automl.tracking.store import Store


def upload_files(
    store: Store, run_id: str, files: Mapping[str, Path], figures: Mapping[str, Path]
) -> list[str]:
    """Copy files to the run's artifacts, under the names they are given; figures in a folder.

    A file of the same name is replaced.

    Returns:
        A line for each file that does not exist.

    Raises:
        mlflow.exceptions.MlflowException: The store cannot be reached.
        OSError: A file cannot be read, or the artifact folder not be written.
    """
    wanted = {_target(name, path): path for name, path in files.items()}
    wanted |= {f"figures/{_target(name, path)}": path for name, path in figures.items()}
    missing = [f"{path}: not there, so not in MLflow" for path in wanted.values() if not _is(path)]
    with tempfile.TemporaryDirectory(prefix="automl-artifacts-") as folder:
        for target, path in wanted.items():
            if _is(path):
                copy = Path(folder) / target
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
        store.client.log_artifacts(run_id, folder)
    return missing


def listed(store: Store, run_id: str) -> set[str]:
    """Return the paths of a run's artifacts, those of its folders included."""
    found: set[str] = set()
    folders: list[str | None] = [None]
    while folders:
        for entry in store.client.list_artifacts(run_id, folders.pop()):
            if entry.is_dir:
                folders.append(entry.path)
            else:
                found.add(entry.path)
    return found


def _is(path: Path) -> bool:
    return Path(path).is_file()


def _target(name: str, path: Path) -> str:
    """Return the artifact's path: the given name, with the file's ending where it has none."""
    clean = PurePosixPath(name.lstrip("/"))
    suffix = Path(path).suffix
    return str(clean) if clean.suffix == suffix else f"{clean}{suffix}"
