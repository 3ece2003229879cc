"""Processes that share a GPU's memory: who is let in, who waits, and what the dead leave."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from automl import gpu_room
from automl.gpu_room import GpuRoom

ROOT = Path(__file__).resolve().parents[2]
CAPACITY = 10  # Nine of which are given out.
PROCESS = f"""
import sys
from pathlib import Path
from automl.gpu_room import GpuRoom

folder, what, needed = sys.argv[1:]
room = GpuRoom(Path(folder), {CAPACITY})
if what == "keep":
    room.keep(int(needed))
    print("in", flush=True)
    sys.stdin.readline()
else:
    with room.alone() if what == "alone" else room.reserved(int(needed)):
        print("in", flush=True)
        sys.stdin.readline()
"""


class Holder:
    """A process that asks for room, and holds it until it is told to end."""

    def __init__(self, folder: Path, needed: int, what: str = "reserve") -> None:
        before = len(list(folder.glob("*")))
        command = [sys.executable, "-c", PROCESS, str(folder), what, str(needed)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        wait_for(lambda: len(list(folder.glob("*"))) > before)

    def is_in(self, seconds: float = 60.0) -> bool:
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        return bool(ready) and self._process.stdout.readline() == b"in\n"

    def is_waiting(self) -> bool:
        return not self.is_in(0.4)

    def end(self) -> None:
        self._process.communicate(b"\n", timeout=300)
        assert self._process.returncode == 0

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()


def wait_for(condition) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def hold(tmp_path):
    holders = []

    def make(needed, what="reserve"):
        holders.append(Holder(tmp_path, needed, what))
        return holders[-1]

    yield make
    for holder in holders:
        holder.kill()


def test_those_that_fit_run_together_and_the_next_waits(hold, tmp_path):
    first, second = hold(4), hold(5)
    assert first.is_in()
    assert second.is_in()
    third = hold(1)
    assert third.is_waiting()
    first.end()
    assert third.is_in()
    second.end()
    third.end()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_holds_nothing(hold):
    killed = hold(9)
    assert killed.is_in()
    waiting = hold(9)
    assert waiting.is_waiting()
    killed.kill()
    assert waiting.is_in()


def test_a_small_one_does_not_overtake_a_large_one_unless_that_dies(hold):
    running, large, small = hold(5), hold(8), hold(1)
    assert running.is_in()
    assert large.is_waiting()
    assert small.is_waiting(), "there would be room for it"
    running.end()
    assert large.is_in()
    assert small.is_in(), "both fit now"
    next_large, next_small = hold(9), hold(1)
    large.end()
    assert next_large.is_waiting()
    assert next_small.is_waiting()
    next_large.kill()
    assert next_small.is_in()


@pytest.mark.parametrize("what", ["alone", "reserve"])
def test_one_that_needs_everything_runs_alone(what, hold):
    running, everything, behind = hold(1), hold(CAPACITY, what), hold(1)
    assert running.is_in()
    assert everything.is_waiting()
    running.end()
    assert everything.is_in()
    assert behind.is_waiting()
    everything.end()
    assert behind.is_in()


def test_what_processes_keep_counts_until_they_end(hold):
    keeper, running = hold(4, "keep"), hold(3)
    assert keeper.is_in()
    assert running.is_in()
    waiting = hold(3)
    assert waiting.is_waiting()
    keeper.kill()
    assert waiting.is_in()


def test_one_alone_does_not_wait_for_what_others_keep(hold):
    keeper, running = hold(9, "keep"), hold(9)
    assert keeper.is_in()
    assert running.is_in()


def test_an_error_while_holding_gives_the_room_back(tmp_path):
    room = GpuRoom(tmp_path, CAPACITY)
    with pytest.raises(KeyError), room.reserved(9):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_many_at_once_never_exceed_it_and_all_come_through(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_room, "_POLL_SECONDS", 0.002)
    inside: list[int] = []
    exceeded: list[list[int]] = []
    done: list[int] = []
    lock = threading.Lock()

    @contextmanager
    def counted(needed):
        with lock:
            inside.append(needed)
            if len(inside) > 1 and sum(inside) > 9:
                exceeded.append(list(inside))
        yield
        with lock:
            inside.remove(needed)
            done.append(needed)

    def work(seed):
        draw = random.Random(seed)
        room = GpuRoom(tmp_path, CAPACITY)
        for needed in (draw.randint(0, 10) for _ in range(8)):
            with room.reserved(needed), counted(needed):
                time.sleep(draw.uniform(0, 0.004))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert exceeded == []
    assert len(done) == 48
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_a_dead_process_does_not_count(tmp_path):
    (tmp_path / "trial-000000000007").write_text("9")
    (tmp_path / "trial-000000000008").write_text("")  # Killed before it had said how much.
    (tmp_path / "kept-000000000001").write_text("9")
    room = GpuRoom(tmp_path, CAPACITY)
    with room.reserved(5), room.reserved(4):
        names = {path.name for path in tmp_path.iterdir()}
    assert names == {"trial-000000000009", "trial-000000000010"}
    assert os.listdir(tmp_path) == []  # noqa: PTH208
