"""Files that are either whole or absent, whoever is killed, and folders held by one process."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPORARY_SUFFIX = ".partial"


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file under a temporary name beside it and rename it into place."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def canonical_json(value: object) -> str:
    """JSON with one spelling per value, for hashing."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def sha256_json(value: object) -> str:
    """Hex SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


@contextmanager
def held_folder(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Create a folder if need be and hold it alone. The hold dies with its process.

    The lock sits on the folder itself, so nothing is left behind when the folder is renamed
    to its final name inside the block.

    Args:
        folder: The folder.
        wait: Whether to wait while another process holds it.

    Raises:
        BlockingIOError: Another process holds it and ``wait`` is false.
    """
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_at(folder, descriptor):
                continue  # its last holder renamed or removed it while this process waited
            yield
            return
        finally:
            os.close(descriptor)


def nearest_folder(path: Path) -> Path:
    """The path itself or the nearest of its parents that exists."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def _is_at(folder: Path, descriptor: int) -> bool:
    try:
        found = folder.stat()
    except FileNotFoundError:
        return False
    held = os.fstat(descriptor)
    return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)
