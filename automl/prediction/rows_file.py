"""Rows in a CSV file that a later run of the same command continues."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from automl.errors import UserError, writing
from automl.prediction.rows import ERROR, Columns, Row


def csv_lines(columns: Columns, rows: Sequence[Row], *, header: bool = False) -> str:
    """Return rows as lines of CSV, with the names of the columns before them if asked for."""
    text = io.StringIO()
    table = csv.DictWriter(text, columns.names, lineterminator="\n")
    if header:
        table.writeheader()
    table.writerows(columns.values(row) for row in rows)
    return text.getvalue()


class RowsFile:
    """A CSV file of rows, each written as soon as it is there.

    A file of the same model is continued: ``done`` says what needs no new row. A row with an
    error is no reason not to try again.

    Args:
        path: The file, whose place was checked; it may be there.
        columns: Its columns.

    Raises:
        UserError: The file there is of another model, or no such table.
        SearchError: It cannot be written.
    """

    def __init__(self, path: Path, columns: Columns) -> None:
        self.path = path
        self._columns = columns
        self.done: dict[str, int] = {}
        whole = self._take_up() if path.exists() else 0
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = path.open("a", encoding="utf-8", newline="")
            # A line that a kill cut short.
            self._file.truncate(whole)
            if whole == 0:
                self._write(csv_lines(columns, (), header=True))

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows; they are in the file when this returns.

        Raises:
            SearchError: They cannot be written; the file keeps what it has.
        """
        with writing(self.path):
            self._write(csv_lines(self._columns, rows))

    def close(self, *, complete: bool) -> None:
        """Close the file, which can be continued either way."""
        del complete
        self._file.close()

    def _write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()

    def _take_up(self) -> int:
        with writing(self.path):
            content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        text = content[:whole].decode("utf-8", errors="replace")
        records = csv.DictReader(io.StringIO(text, newline=""))
        if whole and tuple(records.fieldnames or ()) != self._columns.names:
            raise UserError(f"--out: {self.path} has other columns; choose another file")
        for record in records:
            if record["model"] != self._columns.model:
                raise UserError(
                    f"--out: {self.path} has rows of the model {record['model']}, not of "
                    f"{self._columns.model}; choose another file"
                )
            _count(self.done, record)
        return whole


def _count(done: dict[str, int], record: Mapping[str, str]) -> None:
    if not record[ERROR] and record["frame"].isdecimal():
        frames = int(record["frame"]) + 1
        done[record["file"]] = max(frames, done.get(record["file"], 0))
