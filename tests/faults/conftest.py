from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

# Found through the lines above.
from processes import commands_of, kill_all, members  # noqa: E402
from searches import Search  # noqa: E402

KILL = "killed driver"


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all pytest processes of this run have in common."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "faults-shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def baseline(shared: Path) -> Callable[[str], Search]:
    """Give the search of an algorithm that nothing happened to; it is run once for all."""

    def give(algorithm: str) -> Search:
        search = Search(shared / algorithm, (f"algorithm={algorithm}", "tracking=none"))
        with _once(search.folder) as is_first:
            if is_first:
                search.run()
        return search

    return give


@pytest.fixture(scope="session")
def mlflow_template(shared: Path) -> Path:
    """A database with MLflow's schema; making one takes seconds, copying it nothing."""
    folder = shared / "template"
    folder.mkdir(exist_ok=True)
    with _once(folder) as is_first:
        if is_first:
            from automl.tracking.quiet import hush

            hush()
            from mlflow.tracking import MlflowClient

            MlflowClient(f"sqlite:///{folder / 'mlflow.db'}").search_experiments()
    return folder / "mlflow.db"


@pytest.fixture
def database(mlflow_template: Path, tmp_path: Path) -> Path:
    """MLflow's SQLite file of a search in ``tmp_path``."""
    (tmp_path / "mlflow").mkdir()
    return Path(shutil.copyfile(mlflow_template, tmp_path / "mlflow/mlflow.db"))


@contextmanager
def _once(folder: Path) -> Iterator[bool]:
    """Hold the folder's lock; say whether nobody came here to the end before."""
    with (folder / ".once").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = folder / ".done"
        yield not done.exists()
        done.touch()


@pytest.fixture(autouse=True)
def _leave_nothing_behind() -> Iterator[None]:
    """End what a test that failed has left running."""
    before = set(commands_of(os.getpid()))
    yield
    for leader in set(commands_of(os.getpid())) - before:
        kill_all([leader, *members(leader.pid)])


@pytest.fixture
def count_kill(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Count a kill that hit a living driver, for the summary at the end."""
    return lambda algorithm, phase: request.node.user_properties.append((KILL, [algorithm, phase]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many living drivers were killed, by algorithm and phase."""
    kills: Counter[tuple[str, str]] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                kills.update(tuple(value) for name, value in report.user_properties if name == KILL)
    if not kills:
        return
    terminalreporter.section("killed drivers")
    for algorithm in sorted({algorithm for algorithm, _ in kills}):
        phases = {phase: n for (of, phase), n in kills.items() if of == algorithm}
        listed = ", ".join(f"{phase} {n}" for phase, n in sorted(phases.items()))
        terminalreporter.write_line(f"{algorithm:<10} {sum(phases.values()):>4}  {listed}")
    terminalreporter.write_line(f"{'in all':<10} {sum(kills.values()):>4}")
