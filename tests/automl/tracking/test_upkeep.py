"""SQLite has statistics, without which it sorts many runs by a metric in seconds."""

from __future__ import annotations

import sqlite3

from automl.tracking.upkeep import analyse


def test_a_search_that_ends_leaves_statistics(uri, database, ledgers):
    from automl.tracking.mirror import Mirror

    mirror = Mirror(uri, "diffranet", interval=0.0)
    mirror.start(ledgers.whole_search())
    mirror.finish(results=ledgers.results(), files={}, figures={}, model=None, time=0)
    assert mirror.close(60) == []
    with sqlite3.connect(database) as connection:
        tables = {row[0] for row in connection.execute("SELECT tbl FROM sqlite_stat1")}
    assert {"runs", "tags", "latest_metrics"} <= tables


def test_what_is_no_database_is_left_alone(tmp_path):
    analyse(tmp_path / "absent.db")
    (tmp_path / "notes.db").write_text("notes")
    analyse(tmp_path / "notes.db")
    assert (tmp_path / "notes.db").read_text() == "notes"
    assert [path.name for path in tmp_path.iterdir()] == ["notes.db"]
