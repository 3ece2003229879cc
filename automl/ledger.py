"""The append-only record of a search: one JSON object a line, on disk before anyone hears of it.

Everything else that knows of a search (its algorithm, Ray, MLflow, results, report) is a view
of these lines. Events and their fields are listed in ``docs/how_it_works.md``.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from automl.errors import SearchError, UserError

Event = dict[str, Any]


def read_events(path: Path) -> tuple[list[Event], int]:
    """Return the events of a ledger and the number of bytes that hold whole lines.

    A last line that a kill cut short is left out; its work is done again.

    Raises:
        UserError: A line other than the last one is no JSON object.
    """
    if not path.exists():
        return [], 0
    content = path.read_bytes()
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
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.jsonl"
        self._lock = (folder / "lock").open("a+")
        try:
            # The kernel drops the lock with its process, so that a dead driver's is taken over.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise UserError(
                f"name: another process is running the search in {folder}; "
                "wait for it, stop it, or choose another name="
            ) from error
        self.events, whole = read_events(self.path)
        self._file: IO[bytes] = self.path.open("ab")
        if self._file.tell() != whole:
            self._file.truncate(whole)
            self._file.seek(0, os.SEEK_END)

    def append(self, event: str, **fields: Any) -> Event:
        """Write one event and return it as written; it is on disk when this returns.

        Raises:
            SearchError: It cannot be written (disk full, folder gone).
        """
        record: Event = {"event": event, "time": round(time.time(), 3), **fields}
        line = json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n"
        try:
            self._file.write(line.encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise SearchError(f"{self.path}: cannot be written ({error.strerror})") from error
        # What a reader would see: tuples are lists and keys are text from here on.
        record = json.loads(line)
        self.events.append(record)
        return record

    def close(self) -> None:
        """Let go of the ledger."""
        self._file.close()
        self._lock.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def plan_event(events: list[Event]) -> Mapping[str, Any] | None:
    """Return the event that opened the search, if it was opened."""
    return next((event for event in events if event["event"] == "plan"), None)
