"""Rows as an aligned table for a terminal, line by line as they come."""

from __future__ import annotations

from collections.abc import Iterable

from automl.prediction.rows import Columns, Row

WIDEST = 48
SOME = 24  # columns for a name, where none is known beforehand
FRAME = 6


class Table:
    """Lines whose columns stand below each other.

    Args:
        columns: Of the rows.
        files: Names that will come, as far as they are known.
    """

    def __init__(self, columns: Columns, files: Iterable[str]) -> None:
        self._columns = columns
        longest = max((len(name) for name in files), default=SOME)
        self._file = min(max(longest, len("file")), WIDEST)
        self._class = max(len(name) for name in ("class", *columns.classes))

    @property
    def head(self) -> str:
        """The line above the rows."""
        names = "".join(f"  {name:>{_width(name)}}" for name in self._columns.classes)
        return (
            f"{'file':<{self._file}}  {'frame':>{FRAME}}  {'class':<{self._class}}  "
            f"{'diffraction':<11}{names}"
        )

    def line(self, row: Row) -> str:
        """Return a row; of a long name its end is shown."""
        name = "".join(c if c.isprintable() else "?" for c in row.file)
        name = name if len(name) <= self._file else f"…{name[1 - self._file :]}"
        frame = "" if row.frame is None else str(row.frame)
        begin = f"{name:<{self._file}}  {frame:>{FRAME}}  "
        if row.error:
            return f"{begin}unreadable: {_without(row.file, row.error)}"
        shown = "".join(
            f"  {value:>{_width(name)}.3f}"
            for name, value in zip(self._columns.classes, row.probabilities, strict=True)
        )
        return (
            f"{begin}{self._columns.classes[row.label]:<{self._class}}  "
            f"{self._columns.diffraction(row):<11}{shown}"
        )


def _without(name: str, reason: str) -> str:
    """Return a reason without the name that the row begins with: of "x is damaged" "damaged"."""
    if not reason.startswith(name):
        return reason
    return reason.removeprefix(name).lstrip(": ").removeprefix("is ")


def _width(name: str) -> int:
    return max(len(name), 5)
