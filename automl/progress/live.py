"""A terminal with a table at its foot, redrawn from an immutable snapshot.

Redrawing happens in rich's own thread, so that clocks tick while an epoch lasts; what it draws
is replaced whole by the driver's thread and never changed.
"""

import time
from typing import TextIO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from automl.progress.rows import table
from automl.progress.snapshot import Snapshot

_REDRAWS_PER_SECOND = 2


class LiveView:
    """A terminal with the table at its foot and lines passing above."""

    def __init__(self, stream: TextIO, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._console = Console(file=stream, force_terminal=True, highlight=False)
        self._live = Live(
            console=self._console,
            get_renderable=self._render,
            refresh_per_second=_REDRAWS_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def start(self) -> None:
        """Begin to draw."""
        self._live.start(refresh=True)

    def stop(self) -> None:
        """Draw once more and leave the terminal as it was."""
        self._live.stop()

    def clear(self) -> None:
        """Stop and leave nothing of the table."""
        self._live.transient = True
        self._live.stop()

    def update(self, snapshot: Snapshot) -> None:
        """Replace what is drawn from the next redraw on."""
        self._snapshot = snapshot

    def print(self, text: str) -> None:
        """Let a line pass above the table."""
        self._console.print(Text(text))

    def _render(self) -> RenderableType:
        return table(self._snapshot, time.monotonic())
