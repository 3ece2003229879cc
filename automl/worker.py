"""The Ray Tune side of a worker: an actor that is kept and serves trial after trial."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ray import tune

from automl.session import Message, Session, Task, WorkerSpec
from automl.watchdog import Watchdog


class TrialActor(tune.Trainable):
    """Runs one task at a time; each step passes on one message.

    Messages travel as JSON text, so that Ray neither flattens nor averages what is in them.
    """

    def setup(self, config: dict[str, Any], worker: dict[str, Any] | None = None) -> None:
        """Begin the first task; the session is set up with it, once for each actor."""
        self._worker = worker or {}
        self._messages: Iterator[Message]
        self._session: Session | None = None
        self._watchdog: Watchdog | None = None
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin the next task in the same actor."""
        self._begin(new_config)
        return True

    def step(self) -> dict[str, Any]:
        """Return the task's next message."""
        message = next(self._messages)
        return {"message": json.dumps(message), "done": message["last"]}

    def cleanup(self) -> None:
        """Drop the task; the generator closes what it holds."""
        self._messages = iter([])
        if self._watchdog is not None:
            self._watchdog.disarm()

    def _begin(self, config: dict[str, Any]) -> None:
        self._messages = self._run(Task.from_dict(json.loads(config["task"])))

    def _run(self, task: Task) -> Iterator[Message]:
        if self._session is None:
            spec = WorkerSpec(**self._worker)
            self._session = Session(spec)
            if spec.trial_seconds is not None:
                self._watchdog = Watchdog(Path(spec.hung), spec.trial_seconds)
        if self._watchdog is None or task.kind != "train":
            yield from self._session.run(task)
            return
        self._watchdog.arm(task.number)
        for message in self._session.run(task):
            if message["last"]:
                self._watchdog.disarm()
            yield message
