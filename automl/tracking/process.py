"""A mirror's writer in a process of its own: MLflow costs the driver nothing but a pipe."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from automl.tracking.child import Target
from automl.tracking.thread import Message
from automl.tracking.written import Written

# The child finds modules where this process does, whatever folder it stands in.
CHILD = (
    "import sys; from multiprocessing.connection import Connection; "
    "link = Connection(int(sys.argv[1])); sys.path[:] = link.recv(); "
    "from automl.tracking.child import main; main(link)"
)
# Messages of that time go through the pipe in one go: fewer wake-ups beside the search.
_GATHER_SECONDS = 0.05


# Nothing is to be seen in MLflow before a worker has taken up a trial, and until then the
# processors are busy with starting Ray; but a start that takes long shall be seen.
_OPENING = frozenset({"plan", "resumed", "asked"})
_OPENING_SECONDS = 15.0


class MirrorProcess:
    """What :class:`automl.tracking.thread.MirrorThread` is, apart.

    It ends with the driver: by itself as soon as the pipe is closed, be it by a kill.

    Args:
        target: Where it writes.
        warn: Takes one line when the store first fails, or the process dies.

    Attributes:
        pid: Of the process, once it was started.
    """

    def __init__(self, target: Target, warn: Callable[[str], None]) -> None:
        self.drained = False
        self.error: str | None = None
        self.problems: list[str] = []
        self.beats = 0
        self.run_id: str | None = None
        self.experiment_id: str | None = None
        self.written = Written()
        self.ident: int | None = None
        self.pid: int | None = None
        self._target = target
        self._warn = warn
        self._outbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._link: Connection
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin; the process itself is started with the first trial."""
        speaker = threading.Thread(target=self._speak, daemon=True)
        speaker.start()
        self.ident = speaker.ident

    def send(self, message: Message) -> None:
        """Queue a message; never waits."""
        self._outbox.put(message)

    def is_alive(self) -> bool:
        """Whether there is still something to hear from it."""
        return self.ident is not None and not self._ended.is_set()

    def join(self, timeout: float) -> None:
        """Wait for its end."""
        self._ended.wait(timeout)

    def leave(self) -> None:
        """End it, whatever it is at."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _speak(self) -> None:
        waiting = self._opening()
        try:
            self._spawn()
        except OSError as error:
            self.error = f"no process for it: {error.strerror}"
            self._ended.set()
            return
        with suppress(OSError):  # The process is gone; the listener says so.
            for message in (sys.path, self._target, *waiting):
                self._link.send(message)
            while True:
                self._link.send(self._outbox.get())
                if self._outbox.empty():
                    time.sleep(_GATHER_SECONDS)

    def _opening(self) -> list[Message]:
        """Take messages as long as there is no hurry."""
        taken: list[Message] = []
        deadline = time.monotonic() + _OPENING_SECONDS
        while not taken or (taken[-1][0] == "event" and taken[-1][1]["event"] in _OPENING):
            try:
                taken.append(self._outbox.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                break
        return taken

    def _spawn(self) -> None:
        self._link, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", CHILD, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # A Ctrl-C of the terminal goes to the driver alone.
                process_group=0,
            )
        self.pid = self._process.pid
        threading.Thread(target=self._listen, args=[self._process], daemon=True).start()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        try:
            while True:
                self._hear(self._link.recv())
        except (EOFError, OSError):
            status = process.wait()
        if not self.drained and self.error is None:
            self.error = f"its process ended with status {status}"
            self._warn(f"MLflow gets nothing any more: {self.error}")
        self._ended.set()

    def _hear(self, said: dict[str, Any]) -> None:
        warning = said.pop("warning", None)
        if warning is not None:
            self._warn(warning)
        for name, value in said.items():
            setattr(self, name, value)
