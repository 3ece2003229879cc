"""A mirror's writer in a process of its own: MLflow costs the driver nothing but a pipe."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from automl.tracking.child import Target
from automl.tracking.thread import Message

# The child finds modules where this process does, whatever folder it stands in.
CHILD = (
    "import sys; from multiprocessing.connection import Connection; "
    "link = Connection(int(sys.argv[1])); sys.path[:] = link.recv(); "
    "from automl.tracking.child import main; main(link)"
)
# Messages of that time go through the pipe in one go: fewer wake-ups beside the search.
_GATHER_SECONDS = 0.05


class MirrorProcess:
    """What :class:`automl.tracking.thread.MirrorThread` is, apart.

    It ends with the driver: by itself as soon as the pipe is closed, be it by a kill.

    Args:
        target: Where it writes.
        warn: Takes one line when the store first fails, or the process dies.
    """

    def __init__(self, target: Target, warn: Callable[[str], None]) -> None:
        self.drained = False
        self.error: str | None = None
        self.problems: list[str] = []
        self.beats = 0
        self.run_id: str | None = None
        self.experiment_id: str | None = None
        self.ident: int | None = None
        self._target = target
        self._warn = warn
        self._outbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._link: Connection
        self._process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start the process."""
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
        self.ident = self._process.pid
        self._listener.start()
        threading.Thread(target=self._speak, daemon=True).start()

    def send(self, message: Message) -> None:
        """Queue a message; never waits."""
        self._outbox.put(message)

    def is_alive(self) -> bool:
        """Whether there is still something to hear from it."""
        return self._listener.is_alive()

    def join(self, timeout: float) -> None:
        """Wait for its end."""
        self._listener.join(timeout)

    def leave(self) -> None:
        """End it, whatever it is at."""
        self._process.kill()
        self._process.wait()

    def _speak(self) -> None:
        try:
            self._link.send(sys.path)
            self._link.send(self._target)
            while True:
                self._link.send(self._outbox.get())
                if self._outbox.empty():
                    time.sleep(_GATHER_SECONDS)
        except OSError:
            pass  # The process is gone; the listener says so.

    def _listen(self) -> None:
        try:
            while True:
                self._hear(self._link.recv())
        except (EOFError, OSError):
            status = self._process.wait()
        if not self.drained and self.error is None:
            self.error = f"its process ended with status {status}"
            self._warn(f"MLflow gets nothing any more: {self.error}")

    def _hear(self, said: dict[str, Any]) -> None:
        warning = said.pop("warning", None)
        if warning is not None:
            self._warn(warning)
        for name, value in said.items():
            setattr(self, name, value)
