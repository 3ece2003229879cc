"""The final evaluation: the chosen model on the splits that nothing was chosen by, opened once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from automl.algorithms import Signal
from automl.errors import SearchError
from automl.ledger import Event
from automl.selection import choose
from automl.session import UNLOADABLE, Message, Task
from automl.state import SearchState, Trial
from automl.statistics import wilson_interval

EVALUATION = -1  # The numbers of the tasks that are no trials.
RESTORATION = -2


@dataclass(frozen=True)
class EvaluationParts:
    """What the evaluation needs of the driver.

    Attributes:
        record: Appends an event to the ledger.
        training: Returns the task that trains a trial.
        checkpoint: Returns where a trial's model is kept.
        splits: Every (domain, split) to evaluate on.
        retries: New attempts after a worker died.
    """

    record: Callable[..., Event]
    training: Callable[[Trial], Task]
    checkpoint: Callable[[Trial], Path]
    splits: tuple[tuple[str, str], ...]
    retries: int


class Evaluation:
    """What is next after confirmation.

    A chosen model whose checkpoint is gone or damaged is trained again first: equal
    configuration, seed and budget give the equal model.
    """

    def __init__(self, state: SearchState, parts: EvaluationParts) -> None:
        self._state = state
        self._parts = parts
        self._running = False
        self._lost = 0
        self._restore: bool | None = None  # None: not yet needed; False: done

    def next(self) -> Task | Signal:
        """Return the next task, WAIT while one runs, or DONE.

        Raises:
            SearchError: There is no model to evaluate.
        """
        # What is closed stays as it is, even if this version would open more splits.
        if self._state.closed or all(s in self._state.evaluated for s in self._parts.splits):
            return Signal.DONE
        if self._running:
            return Signal.WAIT
        self._choose()
        self._running = True
        if self._restore:
            return replace(self._parts.training(self._chosen()), number=RESTORATION)
        return self.task()

    def task(self) -> Task:
        """Return the task that evaluates the chosen model on what is not evaluated yet."""
        return Task(
            kind="evaluate",
            number=EVALUATION,
            checkpoint=str(self._parts.checkpoint(self._chosen())),
            splits=tuple(s for s in self._parts.splits if s not in self._state.evaluated),
        )

    def message(self, number: int, message: Message) -> None:
        """Take what a worker says of a task.

        Raises:
            SearchError: The model can be neither evaluated nor trained again.
        """
        kind = message["type"]
        if kind == "evaluated":
            self._evaluated(message)
        elif kind == "failed":
            self._failed(number, message)
        elif kind == "finished":
            self._restore, self._running = False, False

    def lost(self, reason: str) -> None:
        """The worker died.

        Raises:
            SearchError: No attempt is left.
        """
        self._lost += 1
        if self._lost > self._parts.retries:
            raise SearchError(f"the final evaluation's worker died: {reason}")
        self._running = False

    def _choose(self) -> None:
        if self._state.chosen is None:
            chosen = choose(self._state)
            if chosen is None:
                raise SearchError("every seed of the best configuration failed in confirmation")
            self._parts.record(
                "chosen",
                configuration_id=chosen.configuration_id,
                confirmation_seed=chosen.confirmation_seed,
                number=chosen.number,
            )
        if not self._state.unsealed:
            self._parts.record("unsealed")

    def _chosen(self) -> Trial:
        assert self._state.chosen is not None
        return self._state.trials[self._state.chosen["number"]]

    def _failed(self, number: int, message: Message) -> None:
        reason = message["reason"]
        if number == RESTORATION or message["status"] != UNLOADABLE or self._restore is not None:
            raise SearchError(f"the final evaluation failed: {reason}")
        self._parts.record(
            "noted",
            number=self._chosen().number,
            text=f"its model cannot be loaded and is trained again ({reason})",
        )
        self._restore, self._running = True, False

    def _evaluated(self, message: Message) -> None:
        confusion = message["confusion"]
        correct = sum(confusion[i][i] for i in range(len(confusion)))
        fields: dict[str, Any] = {key: message[key] for key in _EVALUATED}
        fields |= {key: message[key] for key in _BY_IMAGE if message.get(key) is not None}
        self._parts.record(
            "evaluated",
            **fields,
            correct=correct,
            accuracy=correct / message["n"],
            interval=list(wilson_interval(correct, message["n"])),
        )


_EVALUATED = ("domain", "split", "n", "classes", "confusion", "seconds")
# Absent from older ledgers, and where the classes outnumber the digits.
_BY_IMAGE = ("predicted", "labels", "digest")
