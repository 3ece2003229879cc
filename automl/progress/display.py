"""Where the lines go: a stream, plainly, or a terminal with a table that stays at its foot."""

import os
import re
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self, TextIO

from automl.formatting import quantity
from automl.progress.live import LiveView
from automl.progress.narrator import Line, Narrator
from automl.progress.snapshot import Snapshot
from automl.progress.stopping import answered
from automl.terminal import encodable

# Reasons come from anywhere, coloured tracebacks included.
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class Progress:
    """Shows a search while it runs, fed with the ledger's events.

    On a terminal one table stays at the foot (trials, time left, best so far and its curve, rungs,
    what runs, failures) and only notable lines pass above it; elsewhere every trial's end is one
    plain line without escape codes. Showing never stops a search: an event that cannot be
    understood is passed over, and a stream that cannot be written any more is left alone.

    Args:
        plan: the ledger's "plan" event.
        stream: where to write; standard output by default.
        live: whether to draw the table; by default whether the stream is a terminal that can.
    """

    def __init__(
        self, plan: Mapping[str, Any], stream: TextIO | None = None, live: bool | None = None
    ) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._narrator = Narrator(plan if isinstance(plan, Mapping) else {})
        self._live = _can_draw(self._stream) if live is None else live
        self._view: LiveView | None = None
        self._mute = False
        self._task: tuple[str, int, int] | None = None
        self._heard = time.monotonic()  # when the last event came; clocks go on from there
        self._standing = ExitStack()

    def __enter__(self) -> Self:
        if self._live:
            self._view = LiveView(self._stream, self._snapshot())
            self._view.start()
        self._standing.enter_context(answered(self._stopping))
        self._show([self._narrator.opening()])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._standing.close()
        if self._view is not None:
            self._view.stop()
            self._view = None

    def finish(self) -> None:
        """Take the table away: what the search has found is said below."""
        if self._view is not None:
            self._view.clear()
            self._view = None

    def note(self, text: str) -> None:
        """Show a line that must be seen, such as a warning."""
        self._show([Line(str(text))])

    def task(self, what: str, done: int, total: int) -> None:
        """Show how far a part of the work is, such as simulating images or packing.

        A plain stream hears of its quarters only.
        """
        before, self._task = self._task, (what, done, total)
        passed = -1 if before is None or before[0] != what else _quarter(*before[1:])
        quarter = _quarter(done, total)
        line = Line(f"{what}: {quantity(done)} of {quantity(total)}", minor=quarter < 4)
        self._show([line] if quarter > passed else [])

    def event(self, event: Mapping[str, Any]) -> None:
        """Take one event of the ledger and show what is worth showing."""
        self._show(self._tell(event))

    def absorb(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Take up what an earlier driver wrote, without showing it again."""
        for event in events:
            self._tell(event)
        if self._view is not None:
            self._view.update(self._snapshot())

    def _tell(self, event: Mapping[str, Any]) -> list[Line]:
        self._heard = time.monotonic()
        try:
            return self._narrator.tell(event)
        # A display must not end a search, whatever a later version's ledger holds.
        except Exception as error:
            return [Line(f"(an event could not be shown: {type(error).__name__}: {error})")]

    def _show(self, lines: list[Line]) -> None:
        if self._view is not None:
            self._view.update(self._snapshot())
        self._write(lines)

    def _stopping(self) -> None:
        # From another thread than everything else: it leaves the tally alone.
        self._write([Line("stopping …")])

    def _write(self, lines: list[Line]) -> None:
        if self._mute:
            return
        try:
            if self._view is not None:
                for line in lines:
                    if not line.minor:
                        self._view.print(_one_line(line.text))
                return
            for line in lines:
                text = encodable(_one_line(line.text), getattr(self._stream, "encoding", None))
                self._stream.write(text + "\n")
            if lines:
                self._stream.flush()
        except (OSError, ValueError):
            # The reader is gone (a closed pipe): the search goes on unseen.
            self._mute = True

    def _snapshot(self) -> Snapshot:
        return Snapshot.of(self._narrator, self._task, self._heard)


def _can_draw(stream: TextIO) -> bool:
    """Whether a stream is a terminal that can move its cursor and show the table's characters."""
    encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "")
    able = os.environ.get("TERM", "").lower() not in ("dumb", "unknown")
    return stream.isatty() and able and encoding == "utf8"


def _quarter(done: int, total: int) -> int:
    return 4 * done // total if total > 0 else 4


def _one_line(text: str) -> str:
    """Text without escape codes, control characters or line breaks; the end mark's gap stays."""
    plain = _ESCAPE.sub("", text)
    return "".join(c if c.isprintable() else " " for c in plain).rstrip()
