"""What the command shows while it makes images."""

from __future__ import annotations

import sys
import time
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

PARTS = 10
"""Lines that a log gets for a whole run."""
WINDOW_S = 5.0
"""Least time over which a log's rate is taken."""


class RateColumn(ProgressColumn):
    """Images per second over the last half minute."""

    def render(self, task: Task) -> Text:
        """Text of the column."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f} images/s" if speed else "")


class Display:
    """A bar on a terminal, a line at every tenth elsewhere; a context around one run.

    Call it with (what, done, total).
    """

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bar = None
        if console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                RateColumn(),
                TimeRemainingColumn(),
                TextColumn("left"),
                console=console,
                transient=True,
            )
        self._task = None if self._bar is None else self._bar.add_task("simulate", total=None)
        self._last: tuple[float, int] | None = None
        self._shown = 0

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show how far a run is."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=what, completed=done, total=total)
            return
        now = time.monotonic()
        if self._last is None:
            self._last = now, done
            return
        if done * PARTS // total > self._shown:
            self._shown = done * PARTS // total
            # Of the last seconds, because images that an earlier run had made take no time.
            since, before = self._last
            rate = (done - before) / max(now - since, 1e-9)
            if now - since > WINDOW_S:
                self._last = now, done
            print(
                f"{what}: {done}/{total} images, {rate:.1f} images/s, "
                f"{duration((total - done) / max(rate, 1e-9))} left",
                file=sys.stderr,
                flush=True,
            )


def duration(seconds: float) -> str:
    """Seconds in words that are easy to read."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
