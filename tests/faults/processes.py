"""Processes of this machine as Linux tells of them: what a driver started, and their ends."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple


class Stat(NamedTuple):
    """What the kernel says of a process; ``started`` in ticks since boot."""

    parent: int
    session: int
    started: int
    state: str


class Process(NamedTuple):
    """A process; with its start time, so that a number that was given again is not mistaken."""

    pid: int
    started: int

    @property
    def title(self) -> str:
        """Its command line, empty once it is gone."""
        with contextlib.suppress(OSError):
            content = Path(f"/proc/{self.pid}/cmdline").read_bytes()
            return content.replace(b"\0", b" ").decode(errors="replace").strip()
        return ""

    @property
    def lives(self) -> bool:
        """Whether it runs; a zombie does not."""
        stat = _stat(self.pid)
        return stat is not None and stat.started == self.started and stat.state != "Z"

    def kill(self) -> None:
        """Send SIGKILL, if it is still the same process."""
        stat = _stat(self.pid)
        if stat is not None and stat.started == self.started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def all_processes() -> Iterator[tuple[Process, Stat]]:
    """Go through the processes of this machine."""
    for entry in Path("/proc").iterdir():
        stat = _stat(int(entry.name)) if entry.name.isdigit() else None
        if stat is not None:
            yield Process(int(entry.name), stat.started), stat


def members(session: int) -> list[Process]:
    """Return the processes of a session but for its leader: what a command started.

    Parents die before their children and leave them to another parent; the session stays.
    """
    return [
        process
        for process, stat in all_processes()
        if stat.session == session and process.pid != session
    ]


def commands_of(parent: int) -> list[Process]:
    """Return the leaders of sessions that a process started and that still run."""
    return [
        process
        for process, stat in all_processes()
        if stat.parent == parent and stat.session == process.pid and stat.state != "Z"
    ]


def trial_workers(processes: Iterable[Process]) -> list[Process]:
    """Return the processes in which trials run.

    Ray calls them by the actor, and while a method runs by Ray Tune's name of the class.
    """
    names = ("ray::TrialActor", "ray::ResourceTrainable")
    return [process for process in processes if process.title.startswith(names)]


def kill_all(processes: Iterable[Process], timeout: float = 20.0) -> None:
    """Kill processes and wait until they are gone."""
    left = list(processes)
    for process in left:
        process.kill()
    deadline = time.monotonic() + timeout
    while (left := [process for process in left if process.lives]) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left, f"not gone: {[process.title for process in left]}"


def _stat(pid: int) -> Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return Stat(int(fields[1]), int(fields[3]), int(fields[19]), fields[0])
