"""Where rows go: a CSV or Parquet file, a terminal, or a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, TextIO

from automl.prediction.earlier import Earlier
from automl.prediction.parquet import convert
from automl.prediction.place import PARQUET, rows_beside
from automl.prediction.rows import Columns, Row
from automl.prediction.rows_file import RowsFile, csv_lines
from automl.prediction.table import Table


class Outlet(Protocol):
    """Takes rows as they come."""

    @property
    def earlier(self) -> Earlier:
        """What has rows from an earlier run."""

    def write(self, rows: Sequence[Row]) -> None:
        """Take rows."""

    def close(self, *, complete: bool) -> None:
        """Take note that no more come, because all are there or because the run was stopped."""


def outlet(out: Path | None, columns: Columns, files: Iterable[str], stream: TextIO) -> Outlet:
    """Return where rows go.

    Args:
        out: A ``.csv`` or ``.parquet`` file whose place was checked, or None for the stream.
        columns: Of the rows.
        files: Names that will come, as far as they are known.
        stream: Standard output; a table if it is a terminal, else CSV.

    Raises:
        UserError: The file is there and cannot be continued.
        SearchError: It cannot be written.
    """
    if out is None:
        return _Stream(columns, files, stream)
    if out.suffix.lower() == PARQUET:
        return _Parquet(out, columns)
    return RowsFile(out, columns)


class _Stream:
    def __init__(self, columns: Columns, files: Iterable[str], stream: TextIO) -> None:
        self.earlier = Earlier()
        self._columns = columns
        self._stream = stream
        self._table = Table(columns, files) if stream.isatty() else None
        if self._table is None:
            self._print(csv_lines(columns, (), header=True))
        else:
            self._print(f"{self._table.head}\n")

    def write(self, rows: Sequence[Row]) -> None:
        if self._table is None:
            self._print(csv_lines(self._columns, rows))
        else:
            self._print("".join(f"{self._table.line(row)}\n" for row in rows))

    def close(self, *, complete: bool) -> None:
        del complete
        self._stream.flush()

    def _print(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class _Parquet:
    """A Parquet file can be read only once it is closed: until then a CSV file keeps the rows."""

    def __init__(self, out: Path, columns: Columns) -> None:
        self._out = out
        self._columns = columns
        self._rows = RowsFile(rows_beside(out), columns)
        self.earlier = self._rows.earlier

    def write(self, rows: Sequence[Row]) -> None:
        self._rows.write(rows)

    def close(self, *, complete: bool) -> None:
        self._rows.close(complete=complete)
        if not complete:
            return
        convert(self._rows.path, self._out, self._columns)
        self._rows.path.unlink()
