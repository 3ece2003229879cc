"""The real command in subprocesses: start a search, watch its ledger, kill it, take it up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processes import Process, kill_all, members, trial_workers

HERE = Path(__file__).resolve().parent
STUBS = (HERE / "stubs", HERE.parent / "automl" / "stubs")
Event = dict[str, Any]

# What a driver writes again when it takes a search up; all other events are written once.
REPEATED = ("resumed", "started")


def environment() -> dict[str, str]:
    """Return the environment of a command that finds the stubs."""
    inherited = os.environ.get("PYTHONPATH")
    path = [*map(str, STUBS), *([inherited] if inherited else [])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "OMP_NUM_THREADS": "1"}


@dataclass
class Running:
    """A command that was started, and all that it starts."""

    process: subprocess.Popen[bytes]
    ledger: Path
    said: Path
    known: int
    """Events of the ledger from before this start."""
    left: list[Event] = field(default_factory=list)
    """The ledger's events when the command had ended."""

    @property
    def text(self) -> str:
        """What it has written to its standard output and error."""
        return self.said.read_text(errors="replace")

    @property
    def errors(self) -> list[str]:
        """Lines of its standard error."""
        return [line for line in self.said.with_suffix(".err").read_text().splitlines() if line]

    def events(self) -> list[Event]:
        """Return the ledger's whole lines."""
        if not self.ledger.exists():
            return []
        return [json.loads(line) for line in self.ledger.read_bytes().split(b"\n")[:-1]]

    def progress(self) -> int:
        """Return how far the search is: its events but for those that a new driver repeats."""
        return sum(event["event"] not in REPEATED for event in self.events())

    def until(self, condition: Callable[[], bool], timeout: float = 300.0) -> bool:
        """Wait for a condition; return False if the command ended before.

        Raises:
            AssertionError: It neither ended nor came true in time.
        """
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            if condition():
                return True
            assert time.monotonic() < deadline, f"waited in vain; {self.text}"
            time.sleep(0.01)
        return False

    def until_event(self, kind: str, count: int = 1, **fields: Any) -> bool:
        """Wait for so many new events of a kind; return False if the command ended before."""

        def there() -> bool:
            new = self.events()[self.known :]
            found = [e for e in new if e["event"] == kind and fields.items() <= e.items()]
            return len(found) >= count

        return self.until(there)

    def below(self) -> list[Process]:
        """Return the processes that it has started, directly or not."""
        return members(self.process.pid)

    def workers(self) -> list[Process]:
        """Return the processes in which its trials run."""
        return trial_workers(self.below())

    def kill(self, power_cut: bool = False) -> bool:
        """Kill the driver, or at a power cut all processes at once; return whether it lived.

        What a killed driver leaves behind ends by itself within a minute; here it is ended after
        a moment, which keeps many kills in a row within the memory.
        """
        self.process.send_signal(signal.SIGKILL)
        if power_cut:
            kill_all(self.below())
        status = self.process.wait()
        if not power_cut:
            time.sleep(0.3)
            kill_all(self.below())
        self.left = self.events()
        return status == -signal.SIGKILL

    def end(self, timeout: float = 400.0) -> int:
        """Wait for the command's end; return its exit status.

        Raises:
            AssertionError: It did not end in time.
        """
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill(power_cut=True)
            raise AssertionError(f"did not end within {timeout:g} s: {self.text}") from None
        if status == -signal.SIGKILL:
            kill_all(self.below())
        self.left = self.events()
        return status

    def phase(self) -> str:
        """Return what the search is at: start, search, confirmation, evaluation or upload."""
        events = self.events()
        kinds = {event["event"] for event in events}
        if not any(event["event"] != "resumed" for event in events[self.known :]):
            return "upload" if "closed" in kinds else "start"
        for kind, phase in (("closed", "upload"), ("chosen", "evaluation")):
            if kind in kinds:
                return phase
        asked = [event for event in events if event["event"] == "asked"]
        return asked[-1]["phase"] if asked else "search"


@dataclass
class Search:
    """One search in a folder of its own.

    Args:
        folder: Where the command runs; it gets ``runs/``, ``mlflow/`` and ``faults/``.
        words: What the command is given besides what every one here is given.
        name: The search's name.
    """

    folder: Path
    words: tuple[str, ...] = ("tracking=none",)
    name: str = "search"
    _starts: int = 0

    def __post_init__(self) -> None:
        self.faults.mkdir(parents=True, exist_ok=True)

    @property
    def faults(self) -> Path:
        """Folder of the trainable's rules and of its log."""
        return self.folder / "faults"

    @property
    def home(self) -> Path:
        """The run's folder."""
        return self.folder / "runs" / self.name

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.home / "ledger.jsonl"

    @property
    def checkpoints(self) -> list[Path]:
        """Checkpoints that are there."""
        return sorted((self.home / "checkpoints").glob("*.ckpt"))

    def rules(self, *rules: Mapping[str, Any]) -> None:
        """Tell the trainable what goes wrong from now on; nothing without arguments."""
        (self.faults / "faults.json").write_text(json.dumps(rules))

    def start(self, *words: str, fault: Mapping[str, Any] | None = None) -> Running:
        """Start or take up the search, with a fault of :mod:`launch` in its driver."""
        return self._start(
            [
                *(sys.executable, str(HERE / "launch.py"), json.dumps(fault or {})),
                *(f"--config-dir={HERE / 'conf'}", "search=faults", f"name={self.name}"),
                *(f"trainable.options.faults={self.faults}", *self.words, *words),
            ]
        )

    def start_module(self, module: str, *words: str) -> Running:
        """Start another command in this folder."""
        return self._start([sys.executable, "-m", module, *words])

    def run(self, *words: str, status: int = 0, fault: Mapping[str, Any] | None = None) -> Running:
        """Run to the end.

        Raises:
            AssertionError: It ended with another status.
        """
        running = self.start(*words, fault=fault)
        assert running.end() == status, "\n".join([running.text, *running.errors])
        return running

    def events(self) -> list[Event]:
        """Return the ledger's events."""
        return [json.loads(line) for line in self.ledger.read_text().splitlines()]

    def results(self) -> dict[str, Any]:
        """Return ``results.json``."""
        return json.loads((self.home / "results.json").read_text())

    def computed(self) -> list[tuple[str, int, int, float]]:
        """Return (configuration, seed, epoch, time) of every epoch that was ever computed."""
        path = self.faults / "epochs.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [tuple(json.loads(line)) for line in lines]

    def _start(self, command: list[str]) -> Running:
        known = self.ledger.read_bytes().count(b"\n") if self.ledger.exists() else 0
        said = self.folder / f"{self.name}-{self._starts}.out"
        self._starts += 1
        with said.open("wb") as out, said.with_suffix(".err").open("wb") as err:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        (self.faults / "driver.pid").write_text(str(process.pid))
        return Running(process, self.ledger, said, known)


class RealSearch(Search):
    """A search of the project's own, by the command that a user types."""

    def start(self, *words: str, fault: Mapping[str, Any] | None = None) -> Running:
        """Start or take up the search.

        Raises:
            ValueError: A fault is asked for; a real search has none.
        """
        if fault:
            raise ValueError("no faults in the driver of a real search")
        return self.start_module("automl.run", f"name={self.name}", *self.words, *words)
