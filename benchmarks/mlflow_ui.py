"""How long MLflow's pages take with many runs, and how fast our writer fills the store.

python -m benchmarks.mlflow_ui [runs=10,5000] [store=FOLDER] [browser=no] [short=true]

Stores with synthetic searches are written by the mirror's own writer, served by
``python -m automl.ui``, and asked as MLflow's run table asks: by its API, and by a browser
without a window if there is a Chromium or Chrome. The writer is timed on its first
runs, the others are copies of them. A store in ``store=FOLDER`` is kept and used again.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from automl.tracking.quiet import hush
from automl.tracking.search_view import SearchView
from benchmarks.browser import find_browser, seconds_until
from benchmarks.mlflow_ledger import NAME, events
from benchmarks.process import ROOT
from benchmarks.words import Command, choice, listed, switch, whole

EXPERIMENT = "1"
TARGET_SECONDS = 3.0
REPEATS = 5
_PAGE = 100  # runs that the table asks for at once
_TIMEOUT = 120.0
_TIMED = 100  # runs


@dataclass(frozen=True)
class Query:
    """What the run table asks for."""

    what: str
    filter: str
    order: str


QUERIES = (
    Query("all runs, latest first", "", "attributes.start_time DESC"),
    Query("searches", "tags.`automl.kind` = 'search'", "attributes.start_time DESC"),
    Query(
        "configurations, best first",
        "tags.`automl.kind` = 'configuration' AND tags.`automl.trainable` = 'deepfreak'",
        "metrics.`validation_accuracy` DESC",
    ),
)


@dataclass(frozen=True)
class Page:
    """A page of the browser and the words that say that its table is there."""

    what: str
    fragment: str
    words: tuple[str, ...]


PAGES = (
    # The page whose address `automl.ui` prints.
    Page(
        "saved view: searches, the latest first",
        f"/experiments/{EXPERIMENT}/runs?viewStateShareKey=automl-searches",
        (NAME,),
    ),
    Page("run list", f"/experiments/{EXPERIMENT}/runs", (NAME,)),
    Page(
        "saved view: configurations, best first",
        f"/experiments/{EXPERIMENT}/runs?viewStateShareKey=automl-deepfreak",
        (" · ",),  # in the names of configurations' runs
    ),
)


def fill(folder: Path, runs: int) -> tuple[str, float]:
    """Write a search of so many runs below its own; return the store's URI and our runs/s."""
    hush()
    from automl.tracking.session import Session

    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "mlflow.db"
    session = Session(f"sqlite:///{database}", "synthetic", None)
    first = min(runs, _TIMED)
    view = SearchView()
    for event in events(first):
        view.fold(event)
    begin = time.perf_counter()
    session.write(view)
    seconds = time.perf_counter() - begin
    copy_runs(database, runs)
    return f"sqlite:///{database}", first / seconds


def copy_runs(database: Path, runs: int) -> None:
    """Copy the children of the one search in a store until there are so many."""
    with closing(sqlite3.connect(database)) as connection, connection:
        query = "SELECT run_uuid FROM tags WHERE key = 'mlflow.parentRunId' ORDER BY run_uuid"
        children = [run_id for (run_id,) in connection.execute(query)]
        copies = [
            (child, f"{child[:-4]}x{round_:03x}")  # an x: never an identity of MLflow
            for round_ in range(1, -(-runs // len(children)))
            for child in children
        ]
        connection.execute("CREATE TEMPORARY TABLE copies (old TEXT PRIMARY KEY, new TEXT)")
        for first in range(0, runs - len(children), len(children)):
            batch = copies[first : min(first + len(children), runs - len(children))]
            connection.execute("DELETE FROM copies")
            connection.executemany("INSERT INTO copies VALUES (?, ?)", batch)
            for table in ("runs", "params", "tags", "latest_metrics", "metrics"):
                info = connection.execute(f"PRAGMA table_info({table})")
                columns = [column[1] for column in info]
                values = ["new" if name == "run_uuid" else f"t.{name}" for name in columns]
                connection.execute(
                    f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "
                    f"FROM {table} t JOIN copies ON t.run_uuid = old"
                )


@contextmanager
def served(uri: str) -> Iterator[tuple[str, float]]:
    """Serve a store as the command does; yield its address and the seconds until it answered."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "automl.ui", f"uri={uri}", f"port={port}"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
    )
    try:
        while not _answers(address):
            if process.poll() is not None or time.perf_counter() - begin > _TIMEOUT:
                raise RuntimeError(f"no MLflow server at {address}")
            time.sleep(0.1)
        yield address, time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait()


def ask(address: str, query: Query) -> list[float]:
    """Return the seconds of each of some equal requests for a page of runs."""
    body = {
        "experiment_ids": [EXPERIMENT],
        "filter": query.filter,
        "run_view_type": "ACTIVE_ONLY",
        "max_results": _PAGE,
        "order_by": [query.order],
    }
    request = urllib.request.Request(
        f"{address}/ajax-api/2.0/mlflow/runs/search",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    seconds = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            found = json.load(response)
        seconds.append(time.perf_counter() - begin)
        if not found.get("runs"):
            raise RuntimeError(f"{query.what}: the server knows no runs")
    return seconds


def browse(address: str, browser: str) -> Iterator[tuple[Page, float, float]]:
    """Yield each page with the seconds of a new browser's first visit, and of its later ones.

    Of the later ones the median.
    """
    for page in PAGES:
        first, *later = seconds_until(
            browser, f"{address}/#{page.fragment}", list(page.words), 1 + REPEATS, _TIMEOUT
        )
        yield page, first, statistics.median(later)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _line(runs: int, what: str, first: float, later: float) -> str:
    verdict = "" if max(first, later) <= TARGET_SECONDS else "  over the target"
    return f"{runs:>7,}  {what:<52}{first:>9.2f}{later:>9.2f}{verdict}"


def measure(folder: Path, runs: int, browser: str | None) -> None:
    """Print the rows of one store."""
    database = folder / "mlflow.db"
    if database.exists():
        uri = f"sqlite:///{database}"
        print(f"{runs:>7,}  store kept from before")
    else:
        uri, rate = fill(folder, runs)
        print(f"{runs:>7,}  our writer: {rate:,.1f} runs/s")
    size = database.stat().st_size / 1e6
    with served(uri) as (address, start):
        print(f"{runs:>7,}  {size:.0f} MB; the server answers after {start:.1f} s", flush=True)
        for query in QUERIES:
            seconds_each = ask(address, query)
            later = statistics.median(seconds_each[1:])
            print(_line(runs, f"API: {query.what}", seconds_each[0], later), flush=True)
        if browser is not None:
            for page, first, later in browse(address, browser):
                print(_line(runs, f"page: {page.what}", first, later), flush=True)


def main(
    short: bool = False,
    runs: Sequence[int] | None = None,
    store: Path | None = None,
    browser: str = "yes",
) -> None:
    """Print how long MLflow takes for its first table, with few runs and with many."""
    runs = runs or ((100,) if short else (10, 5000))
    found = find_browser() if browser == "yes" else None
    if browser == "yes" and found is None:
        print("pages: skipped, there is no Chromium or Chrome on the path; the API is measured")
    print(f"target: a table within {TARGET_SECONDS:g} s; seconds until it is there")
    print(f"{'runs':>7}  {'':<52}{'first':>9}{'later':>9}")
    with tempfile.TemporaryDirectory(prefix="mlflow-ui-") as scratch:
        for count in runs:
            measure((store or Path(scratch)).absolute() / str(count), count, found)


command = Command(
    main,
    {"runs": listed(whole()), "store": Path, "browser": choice("yes", "no"), "short": switch},
)

if __name__ == "__main__":
    raise SystemExit(command())
