"""A worker: an actor that is kept and serves trial after trial.

Ray Tune calls it as it calls its own ``Trainable``. It is none, and imports nothing of Ray: the
import of Ray Tune takes longer than all else that a worker needs to start, and 110 MB.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from automl.session import Message, Session, Task, WorkerSpec
from automl.watchdog import Watchdog


class TrialActor:
    """Runs one task at a time; each call of :meth:`train` passes on one message.

    Messages travel as JSON text, so that Ray neither flattens nor averages what is in them.

    Args:
        config: ``task`` and ``worker`` (:class:`Task`, :class:`WorkerSpec`) as JSON.
    """

    def __init__(self, config: Mapping[str, str], **_: object) -> None:
        self._spec = WorkerSpec(**json.loads(config["worker"]))
        self._messages: Iterator[Message]
        self._session: Session | None = None
        self._watchdog: Watchdog | None = None
        self._begin(config)

    def reset(self, new_config: Mapping[str, str], **_: object) -> bool:
        """Begin the next task in the same actor."""
        self._begin(new_config)
        return True

    def train(self) -> dict[str, Any]:
        """Return the task's next message."""
        message = next(self._messages)
        return {"message": json.dumps(message), "done": message["last"]}

    def stop(self) -> None:
        """Drop the task; the generator closes what it holds."""
        self._messages = iter([])
        if self._watchdog is not None:
            self._watchdog.disarm()

    def _begin(self, config: Mapping[str, str]) -> None:
        self._messages = self._run(Task.from_dict(json.loads(config["task"])))

    def _run(self, task: Task) -> Iterator[Message]:
        if self._session is None:
            watch = None
            if self._spec.trial_seconds is not None:
                self._watchdog = Watchdog(Path(self._spec.hung), self._spec.trial_seconds)
                watch = self._watchdog.watch
            self._session = Session(self._spec, watch)
        yield from self._session.run(task)
