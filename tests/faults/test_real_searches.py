"""SIGKILL of the driver in the middle of a real search, then the same command again."""

from __future__ import annotations

from pathlib import Path

import checks
import pytest
from searches import RealSearch, Search

SEARCHES = {
    "bohb": "deepfreak_bohb",
    "hyperband": "deepfreak_hyperband",
    "tpe": "classical_tpe",
    "random": "deepfreak_random",
    "classical_random": "classical_random",
}
# Events after which the driver is killed; each kill counts from the ledger's beginning.
KILLS = (6, 17, 30, 44)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def real_search(folder: Path, name: str, search: str, cache: Path) -> Search:
    return RealSearch(folder, (f"search={search}", "scale=smoke", f"paths.cache={cache}"), name)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", SEARCHES)
def test_two_uninterrupted_searches_are_equal(algorithm, tmp_path, cache):
    first, second = (
        real_search(tmp_path, name, SEARCHES[algorithm], cache) for name in ("first", "second")
    )
    first.run()
    second.run()
    assert checks.comparable(first) == checks.comparable(second)


@pytest.mark.parametrize(
    ("algorithm", "kills"),
    [pytest.param(name, KILLS, marks=pytest.mark.slow) for name in SEARCHES],
)
def test_killed_searches_end_as_uninterrupted_ones(algorithm, kills, tmp_path, cache, count_kill):
    first = real_search(tmp_path, "first", SEARCHES[algorithm], cache)
    first.run()
    search = real_search(tmp_path, "killed", SEARCHES[algorithm], cache)
    snapshots = []
    for after in kills:
        running = search.start()
        running.until(lambda r=running, n=after: len(r.events()) >= n)
        phase = running.phase()
        if running.kill():
            count_kill(f"{algorithm} (real)", phase)
            snapshots.append(running.left)
    assert snapshots, "no kill came in time"
    search.run()
    checks.survived(search, first, *snapshots)
    database = tmp_path / "mlflow/mlflow.db"
    killed, whole = checks.tracked(database, search), checks.tracked(database, first)
    assert checks.curves(killed) == checks.curves(whole)
