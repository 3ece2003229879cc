"""The state of one bracket: successive halving with HpBandSter's handling of failures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from automl.algorithms.base import Budget, PlannedBracket
from automl.algorithms.sampling import Draw


class Status(Enum):
    """Where a contender stands; HpBandSter's names."""

    QUEUED = auto()
    RUNNING = auto()
    REVIEW = auto()  # has its result and waits for the rung to be complete
    TERMINATED = auto()
    CRASHED = auto()


@dataclass
class Contender:
    """A configuration in a bracket, with its latest evaluation."""

    draw: Draw
    rung: int
    budget: Budget
    previous_budget: Budget | None = None
    status: Status = Status.QUEUED
    loss: float | None = None


class SuccessiveHalving:
    """Fills the rungs of one bracket from the lowest to the highest.

    As in HpBandSter, new configurations are drawn one at a time when they are due, not when the
    bracket opens. A failed configuration is never promoted; where a rung lacks survivors, it is
    filled with new configurations that start at its budget. Equal losses are promoted in the
    order in which the configurations were drawn (HpBandSter leaves that to an unstable sort).
    """

    def __init__(self, planned: PlannedBracket, draw: Callable[[Budget], Draw]) -> None:
        self.index = planned.index
        self.finished = False
        self._rungs = planned.rungs
        self._draw = draw
        self._rung = 0
        self._filled = 0
        self._contenders: list[Contender] = []

    def next_run(self) -> Contender | None:
        """The next evaluation, or None while the rung waits for results or all is finished."""
        while not self.finished:
            queued = next((c for c in self._contenders if c.status is Status.QUEUED), None)
            if queued is not None:
                queued.status = Status.RUNNING
                return queued
            size, budget = self._rungs[self._rung]
            if self._filled < size:
                self._contenders.append(Contender(self._draw(budget), self._rung, budget))
                self._filled += 1
            elif any(c.status is Status.RUNNING for c in self._contenders):
                return None
            else:
                self._close_rung()
        return None

    def register(self, contender: Contender, loss: float | None) -> None:
        """Take in the result of a running contender; None means that it failed."""
        contender.loss = loss
        contender.status = Status.CRASHED if loss is None else Status.REVIEW

    def promotable(self) -> list[Contender]:
        """Contenders whose checkpoint may still be needed.

        Those are the running and queued ones that can go on or have come from a lower rung, and
        of the reviewed ones as many of the best as the next rung has places.
        """
        last = self._rung == len(self._rungs) - 1
        waiting = [
            c
            for c in self._contenders
            if c.status in (Status.QUEUED, Status.RUNNING)
            and (not last or c.previous_budget is not None)
        ]
        return waiting if last else waiting + self._best(self._rungs[self._rung + 1][0])

    def _best(self, count: int) -> list[Contender]:
        """The `count` reviewed contenders with the lowest losses, ties in order of drawing."""
        reviewed = [c for c in self._contenders if c.status is Status.REVIEW]
        return sorted(reviewed, key=_loss)[:count]

    def _close_rung(self) -> None:
        if self._rung == len(self._rungs) - 1:
            self.finished = True
            return
        self._rung += 1
        size, budget = self._rungs[self._rung]
        promoted = self._best(size)
        for contender in self._contenders:
            if contender.status is Status.REVIEW:
                contender.status = Status.TERMINATED
        for contender in promoted:
            contender.status = Status.QUEUED
            contender.rung = self._rung
            contender.previous_budget, contender.budget = contender.budget, budget
        self._filled = len(promoted)


def _loss(contender: Contender) -> float:
    assert contender.loss is not None, "only a contender with a result is under review"
    return contender.loss
