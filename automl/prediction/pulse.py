"""How far a run is, while its rows go to a file: steadily on a terminal, now and then in a log."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from automl.formatting import counted
from automl.prediction.rows import Columns, Row
from automl.prediction.tally import Tally
from automl.prediction.voice import Voice

WINDOW = 30.0
"""Seconds over which the rate is taken."""
OFTEN, SELDOM = 0.5, 60.0
"""Seconds between two lines on a terminal, and between two in a log."""
FIRST = 10.0
"""Seconds after which a log has its first line."""


class Pulse:
    """Says images so far, those with diffraction, images/s and the newest image's class.

    Args:
        tally: Counts the rows.
        columns: Of the rows.
        voice: Says it.
        clock: Gives seconds.
    """

    def __init__(
        self,
        tally: Tally,
        columns: Columns,
        voice: Voice,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tally = tally
        self._columns = columns
        self._voice = voice
        self._clock = clock
        self._newest: Row | None = None
        now = clock()
        # When there were how many images, over the window.
        self._past: deque[tuple[float, int]] = deque([(now, 0)])
        self._next = now + (OFTEN if voice.is_live else FIRST)
        self._said = 0

    def count(self, rows: Sequence[Row]) -> None:
        """Take rows, which the tally has counted."""
        self._newest = rows[-1]
        self.beat()

    def beat(self) -> None:
        """Say it if it is time to."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + (OFTEN if self._voice.is_live else SELDOM)
        self._past.append((now, self._tally.images))
        while len(self._past) > 2 and now - self._past[1][0] >= WINDOW:
            self._past.popleft()
        if self._voice.is_live:
            self._voice.show(self._line())
        elif self._tally.rows > self._said:
            # A log of a night without beam need not say so every minute.
            self._said = self._tally.rows
            self._voice.say(self._line())

    def _line(self) -> str:
        (begin, before), (end, after) = self._past[0], self._past[-1]
        parts = [
            counted(self._tally.images, "images"),
            self._tally.diffraction,
            f"{(after - before) / max(end - begin, 1e-9):,.1f} images/s",
            self._tally.unreadable_words,
            "" if self._newest is None else f"newest: {self._named(self._newest)}",
        ]
        return "; ".join(part for part in parts if part)

    def _named(self, row: Row) -> str:
        frame = f" frame {row.frame}" if row.frame else ""
        found = "unreadable" if row.error else self._columns.classes[row.label]
        name = "".join(c if c.isprintable() else "?" for c in Path(row.file).name)
        return f"{found}, {name}{frame}"
