"""Ends a worker whose trial hangs, and says where it stood."""

from __future__ import annotations

import faulthandler
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# A trial that reports is stopped at its first report after the limit; only one that hangs is
# killed, so much later.
GRACE_SECONDS = 5.0
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<function>\S+)')


class Watchdog:
    """Kills its own process when a trial takes too long, whatever the process is doing.

    The clock is a thread of the C library's own, so that it also ends code that never gives
    back Python's lock.

    Args:
        folder: Where a killed worker leaves its stack; on storage that the driver sees.
        seconds: The trial's limit.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self._file: IO[str] | None = None

    @contextmanager
    def watch(self, number: int) -> Iterator[None]:
        """Watch a trial for as long as the context lasts."""
        self.arm(number)
        try:
            yield
        finally:
            self.disarm()

    def arm(self, number: int) -> None:
        """Begin to watch a trial."""
        self.disarm()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file = _trace(self._folder, number).open("w")
        faulthandler.dump_traceback_later(self._seconds + GRACE_SECONDS, exit=True, file=self._file)

    def disarm(self) -> None:
        """The trial has ended."""
        if self._file is not None:
            faulthandler.cancel_dump_traceback_later()
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
            self._file = None


def where_it_hung(folder: Path, number: int) -> str | None:
    """Return where a trial stood when the watchdog ended its worker; None if it did not."""
    path = _trace(folder, number)
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return None
    path.unlink(missing_ok=True)
    if not text.startswith("Timeout"):
        return None
    # One paragraph for each thread; the trial's has the session in it.
    for thread in text.split("\n\n"):
        frames = list(_FRAME.finditer(thread))
        if any(frame["file"].endswith("automl/session.py") for frame in frames):
            first = frames[0]
            return f"{Path(first['file']).name}:{first['line']} in {first['function']}"
    return "a place unknown"


def _trace(folder: Path, number: int) -> Path:
    return folder / f"{number}.txt"
