"""Wrong input to every command: one line, exit status 2, nothing created, lost or started."""

from __future__ import annotations

import re
import shutil
import signal
from contextlib import nullcontext

import pytest
from calling import Said, apart, here
from world import contents, make_world
from write_page import MARK, PAGE
from wrong_input import WrongInput
from wrong_inputs import ALL, tables

# One of each command; the others, some of which ask a real cluster, are slow, and so is every
# second one within the tests' own process.
IN_A_PROCESS = (
    "misspelt option",
    "checkpoint cut short",
    "one search to compare",
    "misspelt search to report",
    "misspelt search to sync",
    "port in use",
    "misspelt engine",
)


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def ray_starts(monkeypatch):
    """Stand in for a Ray cluster with two CPUs; lists what was asked of it."""
    import ray

    asked = []

    def init(**settings):
        asked.append(settings)
        if settings["address"] != "local":
            raise ConnectionError("Could not find any running Ray instance")

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr(ray, "nodes", lambda: [{"Alive": True, "Resources": {"CPU": 2.0}}])
    return asked


@pytest.fixture
def composed_once(monkeypatch):
    """Spare Hydra composing everything a first time to see whether the files ask for a multirun."""
    from hydra._internal.hydra import Hydra

    monkeypatch.setattr(Hydra, "get_mode", lambda *words, **more: None)


@pytest.fixture
def signals_kept():
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def place_for(case: WrongInput, world, tmp_path):
    """Return a folder for a case: the shared one, unless the case changes it."""
    if case.scene is None:
        return world
    return shutil.copytree(world, tmp_path / "home")


def kept(case: WrongInput, files):
    """Return what a case must not change; what is stored by content may have been begun."""
    return {k: v for k, v in files.items() if not case.late or not k.startswith("data")}


def check(case: WrongInput, said: Said) -> None:
    lines = [line for line in said.err.splitlines() if line.strip()]
    assert len(lines) == 1, said.err
    assert case.matches(lines[0]), f"\n{lines[0]}\n{case.line}"
    assert said.status == case.status
    if case.status == 2 and not case.late:
        # What it is about to do `automl.run` may have said by then.
        begun = r"(checking search \S+\n((starting|joining) Ray.*\n)?)?"
        assert re.fullmatch(begun, said.out), said.out


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(what, marks=pytest.mark.slow if place % 2 else ())
        for place, what in enumerate(ALL)
    ],
)
def test_one_line(
    what, world, tmp_path, capsys, monkeypatch, ray_starts, composed_once, signals_kept
):
    case = ALL[what]
    home = place_for(case, world, tmp_path)
    monkeypatch.chdir(home)
    monkeypatch.setattr("os.execv", lambda *command: pytest.fail(f"started {command}"))
    with case.scene(home) if case.scene else nullcontext({}) as given:
        before = contents(home)
        said = here(case.command, case.arguments(given), capsys, monkeypatch)
        after = contents(home)
    check(case, said)
    assert kept(case, after) == kept(case, before)
    assert bool(ray_starts) == case.late


@pytest.mark.e2e
@pytest.mark.parametrize(
    "what",
    [pytest.param(what, marks=() if what in IN_A_PROCESS else pytest.mark.slow) for what in ALL],
)
def test_one_line_in_a_process(what, world, tmp_path):
    case = ALL[what]
    home = place_for(case, world, tmp_path)
    with case.scene(home) if case.scene else nullcontext({}) as given:
        before = contents(home)
        said = apart(case.command, case.arguments(given), home)
        after = contents(home)
    check(case, said)
    assert kept(case, after) == kept(case, before)


def test_the_page_lists_what_is_tested():
    _, mark, below = PAGE.read_text().partition(MARK)
    assert mark, "the mark above the tables is gone"
    assert below.strip() == tables().strip(), "run python tests/wrong_inputs/write_page.py"


def test_there_are_enough_of_them():
    assert len(ALL) >= 60
    assert set(IN_A_PROCESS) <= ALL.keys()


def test_a_torn_last_line_is_survived(world, tmp_path, capsys, monkeypatch, signals_kept):
    from world import without_ray
    from wrong_input import RUN
    from wrong_searches import AGAIN

    home = shutil.copytree(world, tmp_path / "home")
    ledger = home / "runs/forest/ledger.jsonl"
    whole = ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join(whole[:-3]) + whole[-3][: len(whole[-3]) // 2])
    monkeypatch.chdir(home)
    with without_ray(tracked=False):
        said = here("run", [*RUN, *AGAIN], capsys, monkeypatch)
    assert (said.status, said.err) == (0, "")
    assert ledger.read_text().splitlines(keepends=True)[: len(whole) - 3] == whole[:-3]
