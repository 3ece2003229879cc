"""Statistics that SQLite chooses its plans by."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

_ROWS = 1000  # of each index that are looked at
_BUSY_SECONDS = 5.0


def analyse(database: Path) -> None:
    """Bring an SQLite file's statistics up to date; leave it as it is where that cannot be done.

    MLflow gathers none. Without them SQLite scans all metrics of a store once for each run that
    it sorts by a metric, which costs the run list of 5,000 runs seconds.
    """
    with (
        suppress(sqlite3.Error),
        closing(
            sqlite3.connect(f"file:{quote(str(database))}?mode=rw", uri=True, timeout=_BUSY_SECONDS)
        ) as connection,
    ):
        connection.execute(f"PRAGMA analysis_limit = {_ROWS}")
        connection.execute("ANALYZE")
