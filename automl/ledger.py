"""The append-only record of a search: one JSON object a line, written before anyone hears of it.

Everything else that knows of a search (its algorithm, Ray, MLflow, results, report) is a view
of these lines. Events and their fields are listed in ``docs/how_it_works.md``.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from automl.errors import SearchError, UserError

Event = dict[str, Any]

# Synced to disk, with all lines before them. What a power cut takes of the others is asked for,
# started and reported again: the algorithm and the trainable repeat themselves.
_SYNCED = frozenset({"plan", "finished", "failed", "chosen", "unsealed", "evaluated", "closed"})


def read_events(path: Path) -> tuple[list[Event], int]:
    """Return the events of a ledger and the number of bytes that hold whole lines.

    A last line that a kill cut short is left out; its work is done again.

    Raises:
        UserError: It cannot be read, or a line other than the last one is no JSON object.
    """
    if not path.exists():
        return [], 0
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror}); put the ledger back, "
            "or choose another name= to begin anew"
        ) from error
    events: list[Event] = []
    whole = 0
    lines = content.split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        try:
            event = json.loads(line)
            if not isinstance(event, dict) or "event" not in event:
                raise ValueError("no event")
        except ValueError as error:
            if number == len(lines) - 1:
                break
            raise UserError(
                f"{path}: line {number} is damaged; restore the file from a copy, "
                "or choose another name= to begin anew"
            ) from error
        events.append(event)
        whole += len(line) + 1
    return events, whole


class Ledger:
    """The ledger of one search, held by one driver at a time.

    Args:
        folder: The run's folder; it must exist.

    Raises:
        UserError: Another living driver holds it, or it is damaged.
        SearchError: It cannot be opened for writing.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.jsonl"
        self._lock = lock(folder)
        try:
            self.events, self._whole = read_events(self.path)
            is_new = not self.path.exists()
            try:
                # Not buffered: what a full disk refuses must not be tried again at the end.
                self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
                self._take_back()
                if is_new:
                    _sync_folder(folder)
            except OSError as error:
                raise self._unwritable(error) from error
        except BaseException:
            self._lock.close()
            raise

    def append(self, event: str, **fields: Any) -> Event:
        """Write one event and return it as written.

        No death of the process loses it, and no power cut loses a result.

        Raises:
            SearchError: It cannot be written (disk full, folder gone); the ledger is as it was.
        """
        record: Event = {"event": event, "time": round(time.time(), 3), **fields}
        line = json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n"
        data = line.encode()
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
            if event in _SYNCED:
                os.fsync(self._file)
        except OSError as error:
            with suppress(OSError):  # A line cut short is dropped when the ledger is read.
                self._take_back()
            raise self._unwritable(error) from error
        self._whole += len(data)
        # What a reader would see: tuples are lists and keys are text from here on.
        record = json.loads(line)
        self.events.append(record)
        return record

    def close(self) -> None:
        """Let go of the ledger."""
        os.close(self._file)
        self._lock.close()

    def _take_back(self) -> None:
        """Drop what lies behind the last whole line."""
        if os.fstat(self._file).st_size != self._whole:
            os.ftruncate(self._file, self._whole)

    def _unwritable(self, error: OSError) -> SearchError:
        return SearchError(f"{self.path}: cannot be written ({error.strerror})")

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def lock(folder: Path) -> IO[str]:
    """Return the lock of a run's folder, taken; closing it gives it back.

    The kernel drops the lock with its process, so that a dead driver's is taken over.

    Raises:
        UserError: A living driver holds it, or it cannot be opened.
    """
    try:
        file = (folder / "lock").open("a+")
    except OSError as error:
        raise UserError(
            f"{folder / 'lock'}: cannot be written ({error.strerror}); "
            "make the search's folder writable"
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        if not isinstance(error, BlockingIOError):
            raise UserError(
                f"paths.runs: {folder} lies on storage without file locks ({error.strerror}); "
                "choose another folder"
            ) from error
        raise UserError(
            f"name: {holder or 'another process'} is running the search in {folder}; "
            "wait for it, stop it, or choose another name="
        ) from error
    with suppress(OSError):  # Only for the message above; a full disk must not stop a reader.
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), f"process {os.getpid()} on {socket.gethostname()}".encode())
    return file


def refuse_if_held(folder: Path) -> None:
    """Refuse a run's folder that a living driver holds.

    Raises:
        UserError: Naming its process.
    """
    if (folder / "lock").exists():
        lock(folder).close()


def _sync_folder(folder: Path) -> None:
    """Make a new file's name outlive a power cut, as its content does."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def plan_event(events: list[Event]) -> Mapping[str, Any] | None:
    """Return the event that opened the search, if it was opened."""
    return next((event for event in events if event["event"] == "plan"), None)
