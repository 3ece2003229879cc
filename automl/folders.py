"""Whether a search will be able to write where it was told to. Creates nothing."""

from __future__ import annotations

import os
from pathlib import Path

from automl.errors import UserError
from automl.settings import Settings


def check_folders(settings: Settings, name: str) -> None:
    """Refuse folders that cannot be made or written in.

    Args:
        settings: Of the search.
        name: The search's name.

    Raises:
        UserError: It names the key.
    """
    _check("paths.runs", settings.runs / name)
    _check("paths.cache", settings.cache)
    artifacts = settings.tracking.artifacts
    if settings.tracking.uri is not None and artifacts is not None and "://" not in artifacts:
        _check("tracking.artifacts", Path(artifacts).expanduser().absolute())


def _check(key: str, folder: Path) -> None:
    nearest = folder
    while not nearest.exists():
        nearest = nearest.parent
    if not nearest.is_dir():
        raise UserError(f"{key}: {nearest} is a file where a folder is needed; choose another")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UserError(f"{key}: no permission to write in {nearest}; choose another folder")
