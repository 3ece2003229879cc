"""A folder that an experiment writes into: which of its files are complete."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from automl.plugins import FrameReader
from automl.prediction.predictor import Predictor, UnreadableError
from automl.prediction.sources import files_below

POLL = 0.5
"""Seconds between two looks at the folder."""
PATIENCE = 10.0
"""Seconds for which an unreadable file must be unchanged before it counts as unreadable."""

Signature = tuple[int, int]


@dataclass
class _Known:
    signature: Signature
    since: float
    settled: bool = False
    final: bool = False


class Watcher:
    """Finds files that have stopped growing.

    A file is ready when size and time of change are those of the look before, until it is
    reported read. One that changes afterwards is ready again: a stack may have grown.

    Args:
        folder: Watched with all below it.
        reader: Says which files are images.
    """

    def __init__(self, folder: Path, reader: FrameReader) -> None:
        self._folder = folder
        self._reader = reader
        self._known: dict[Path, _Known] = {}

    def look(self, now: float) -> list[Path]:
        """Return the files that are ready, by name.

        Args:
            now: Seconds, of any origin.
        """
        ready = []
        for path in files_below(self._folder, self._reader):
            known = self._known.get(path)
            if known is not None and known.final:
                continue
            try:
                about = path.stat()
            except OSError:
                continue  # renamed or removed since it was listed
            signature = about.st_size, about.st_mtime_ns
            if known is None or known.signature != signature:
                self._known[path] = _Known(signature, now)
            elif not known.settled and about.st_size > 0:
                ready.append(path)
        return ready

    def read(self, path: Path, *, final: bool) -> None:
        """Note that a file was read as it is now; a final one is never looked at again."""
        self._known[path].settled = True
        self._known[path].final = final

    def empty(self) -> list[Path]:
        """Return the files that have no content yet."""
        return [path for path, known in self._known.items() if known.signature[0] == 0]

    def patience_ended(self, path: Path, now: float, patience: float) -> bool:
        """Note that a file cannot be read; return whether that is to be believed by now."""
        known = self._known[path]
        known.settled = now - known.since >= patience
        return known.settled


def follow(
    folder: Path,
    reader: FrameReader,
    predictor: Predictor,
    pause: Callable[[float], bool],
    *,
    clock: Callable[[], float] = time.monotonic,
    patience: float = PATIENCE,
) -> None:
    """Predict files as they become complete, until told to stop.

    Args:
        folder: The folder.
        reader: Says which of its files are images.
        predictor: Predicts them.
        pause: Waits for so many seconds; returns whether to stop.
        clock: Gives seconds.
        patience: See ``PATIENCE``.
    """
    watcher = Watcher(folder, reader)
    unreadable: dict[Path, str] = {}
    stop = False
    while not stop:
        for path in watcher.look(clock()):
            if pause(0.0):
                break
            try:
                count = predictor.add(str(path))
            except UnreadableError as error:
                # Perhaps it is still being written, by someone who takes a rest.
                unreadable[path] = str(error)
                if watcher.patience_ended(path, clock(), patience):
                    predictor.give_up(str(path), unreadable.pop(path))
            else:
                unreadable.pop(path, None)
                watcher.read(path, final=count == 1)
        predictor.flush()
        stop = pause(POLL)
    unreadable |= {path: f"{path} is empty" for path in watcher.empty()}
    for path, reason in unreadable.items():
        if path.exists():
            predictor.give_up(str(path), reason)
    predictor.flush()
