"""The writer behind the mirror: folds what it is sent and writes it when the store can take it."""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from automl.errors import one_line
from automl.tracking.outcome import Outcome
from automl.tracking.quiet import hush
from automl.tracking.run_view import FINISHED, KILLED
from automl.tracking.search_view import SearchView
from automl.tracking.written import Written, total

if TYPE_CHECKING:
    from automl.tracking.session import Session

# ("event", event), ("finish", outcome), ("abort", (status, milliseconds)) and at last
# ("close", milliseconds); a search that has not ended by then counts as killed.
Message = tuple[Literal["event", "finish", "abort", "close"], Any]

_LONGEST_PAUSE = 60.0
_LONGEST_REASON = 300


class MirrorThread(threading.Thread):
    """Owns the view and the connection; others only send messages and read the public fields.

    Args:
        connect: Opens the store; called again after each failure.
        warn: Takes one line when the store first fails.
        interval: Least seconds between two writes.
        retry: Seconds before the first new attempt on a store that failed.
        listen: Called after each change of the attributes.

    Attributes:
        drained: Everything was written, up to the close.
        error: Why the store failed, while it does.
        problems: One line for each thing that will not be written, whatever the store does.
        beats: Grows while the store takes what is written: a thread that works, however long.
    """

    def __init__(
        self,
        connect: Callable[[], Session],
        warn: Callable[[str], None],
        interval: float,
        retry: float,
        listen: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name="mlflow-mirror", daemon=True)
        self.drained = False
        self.error: str | None = None
        self.problems: list[str] = []
        self.beats = 0
        self.run_id: str | None = None
        self.experiment_id: str | None = None
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._connect = connect
        self._warn = warn
        self._interval = interval
        self._retry = retry
        self._listen = listen
        self._view = SearchView()
        self._outcome: Outcome | None = None
        self._uploaded = False
        self._closing = False
        self._session: Session | None = None
        self._sessions: list[Written] = []
        self._warned = False

    def send(self, message: Message) -> None:
        """Queue a message; see :data:`Message`."""
        self._messages.put(message)

    @property
    def written(self) -> Written:
        """What the store has taken."""
        return total(self._sessions)

    def leave(self) -> None:
        """Nobody waits for it any more; it ends with its process."""

    def run(self) -> None:
        """Take and write until closed."""
        hush()
        behind, not_before, pause = False, 0.0, self._retry
        while not self._closing:
            self._take(max(0.0, not_before - time.monotonic()) if behind else None)
            behind = True
            if time.monotonic() < not_before and not self._closing:
                continue
            behind = not self._write()
            not_before = time.monotonic() + (pause if behind else self._interval)
            pause = min(2 * pause, _LONGEST_PAUSE) if behind else self._retry
        self.drained = not behind
        self._listen()

    def _take(self, timeout: float | None) -> None:
        """Wait for a message, then fold it and all that wait behind it."""
        try:
            self._fold(*self._messages.get(timeout=timeout))
            while True:
                self._fold(*self._messages.get_nowait())
        except queue.Empty:
            pass

    def _fold(self, kind: str, content: Any) -> None:
        try:
            if kind == "event":
                self._view.fold(content)
            elif kind == "finish":
                self._outcome, self._uploaded = content, False
                self._view.conclude(content.results, content.time)
            elif kind == "abort":
                self._view.stop(*content)
            else:
                self._closing = True
                if self._view.is_running and self._outcome is None:
                    self._view.stop(KILLED, content)
        except Exception as error:  # What one message lacks must not cost the others.
            name = content.get("event") if isinstance(content, Mapping) else kind
            self.problems.append(f"MLflow lacks '{name}': {type(error).__name__} {error}")

    def _write(self) -> bool:
        """Bring the store up to date; return whether that succeeded."""
        try:
            if self._session is None:
                self._session = self._connect()
                self._sessions.append(self._session.written)
            self._session.write(self._view, self._beat)
            self._beat()
            if self._outcome is not None and not self._uploaded:
                self._finish(self._session, self._outcome)
            self.run_id, self.experiment_id = self._session.run_id, self._session.experiment_id
        except Exception as error:  # A view must not stop the search, whatever MLflow raises.
            self._session = None
            self.error = _reason(error)
            if not self._warned:
                self._warn(f"MLflow does not take what is written ({self.error}); trying again")
                self._warned = True
            self._listen()
            return False
        self.error = None
        self._listen()
        return True

    def _beat(self) -> None:
        self.beats += 1
        self._listen()

    def _finish(self, session: Session, outcome: Outcome) -> None:
        problems = session.upload(outcome)
        self._view.stop(FINISHED, outcome.time)
        self._beat()
        session.write(self._view, self._beat)
        session.end_orphans(self._view)
        session.tidy()
        self._uploaded = True
        self.problems.extend(problems)


def _reason(error: BaseException) -> str:
    """Say why a store failed: what the system said, where MLflow wraps that in its own words."""
    reason, cause = error, error.__cause__ or error.__context__
    while cause is not None:
        if isinstance(cause, OSError | sqlite3.Error):
            reason = cause
        cause = cause.__cause__ or cause.__context__
    return one_line(reason)[:_LONGEST_REASON]
