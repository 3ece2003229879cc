"""Rows in a CSV file that a later run of the same command continues."""

from __future__ import annotations

import csv
import fcntl
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from automl.errors import UserError, writing
from automl.prediction.earlier import Earlier
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

    A file of the same model is continued: ``earlier`` says what needs no new row. A row with an
    error is no reason not to try again.

    Args:
        path: The file, whose place was checked; it may be there.
        columns: Its columns.

    Raises:
        UserError: The file there is of another model, no such table, or written to by another
            command.
        SearchError: It cannot be written.
    """

    def __init__(self, path: Path, columns: Columns) -> None:
        self.path = path
        self._columns = columns
        self.earlier = Earlier()
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = path.open("a", encoding="utf-8", newline="")
            try:
                self._hold()
                whole = self._take_up()
                # A line that a kill cut short.
                self._file.truncate(whole)
                if whole == 0:
                    self._write(csv_lines(self._columns, (), header=True))
            except BaseException:
                self._file.close()
                raise

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

    def _hold(self) -> None:
        """Keep other commands from the file until this one closes it or dies."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"--out: another command is writing to {self.path}; end it, or choose another file"
            ) from error
        except OSError:
            return  # a file system without locks

    def _take_up(self) -> int:
        """Take up the rows that are there; return how many bytes are whole lines."""
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        header = csv_lines(self._columns, (), header=True).encode()
        if not content.startswith(header) and not header.startswith(content):
            raise UserError(f"--out: {self.path} has other columns; choose another file")
        text = content[:whole].decode("utf-8", errors="replace")
        records = csv.DictReader(io.StringIO(text, newline=""))
        try:
            for record in records:
                self._count(record, records.line_num)
        except csv.Error as error:
            raise self._damaged(records.line_num) from error
        return whole

    def _count(self, record: Mapping[str, str], line: int) -> None:
        model, error, frame = (record[name] for name in ("model", ERROR, "frame"))
        # Too few fields leave None, too many are kept under None.
        if error is None or None in record or not (error or frame.isdecimal()):
            raise self._damaged(line)
        if model != self._columns.model:
            raise UserError(
                f"--out: {self.path} has rows of the model {model}, not of "
                f"{self._columns.model}; choose another file"
            )
        number = int(frame) if frame.isdecimal() else None
        self.earlier.record(record["file"], number, failed=bool(error))

    def _damaged(self, line: int) -> UserError:
        return UserError(
            f"--out: line {line} of {self.path} is damaged; remove it, or choose another file"
        )
