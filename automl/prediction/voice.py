"""What the command says beside its rows: lines, and on a terminal one line that is rewritten."""

from __future__ import annotations

import shutil
from typing import TextIO

ERASE = "\r\x1b[K"


class Voice:
    """Standard error. Showing never stops the work: a stream that is gone is left alone.

    Args:
        stream: Where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self.is_live = stream.isatty()
        self._stream = stream
        self._shown = False

    def say(self, text: str) -> None:
        """Say a line that stays."""
        self._write(f"automl: {text}\n")

    def show(self, text: str) -> None:
        """Show a line on a terminal until the next one is shown or said."""
        width = shutil.get_terminal_size().columns
        line = f"automl: {text}"
        self._write(line if len(line) < width else f"{line[: width - 2]}…")
        self._shown = True

    def _write(self, text: str) -> None:
        erase, self._shown = ERASE if self._shown else "", False
        try:
            self._stream.write(erase + text)
            self._stream.flush()
        except (OSError, ValueError):
            self._shown = False
