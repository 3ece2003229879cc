"""The order in which an algorithm hears of results: the one place where timing could decide.

With ``order=asked`` results are told in the order of their asks, and an ask is made only when
fewer than ``workers`` asks are untold: ask number k sees exactly the results up to k - workers
(more where the algorithm itself had to wait for a rung). With ``order=arrival`` results are
told as they come.
"""

from __future__ import annotations

from collections import deque

from automl.algorithms import Algorithm, Signal, Suggestion
from automl.settings import Order


class Conductor:
    """Stands between an algorithm and whoever runs its suggestions. Pure: no clock, no I/O.

    Args:
        algorithm: Any ask/tell algorithm.
        workers: Suggestions that may be untold at the same time.
        order: ``asked`` or ``arrival``.
    """

    def __init__(self, algorithm: Algorithm, workers: int, order: Order) -> None:
        self._algorithm = algorithm
        self._workers = workers
        self._order = order
        self._untold: deque[int] = deque()
        self._ids: dict[int, str] = {}
        self._results: dict[int, float | None] = {}
        self._exhausted = False
        self._blocked = False

    def next(self) -> Suggestion | Signal:
        """Return the next suggestion, WAIT while results are needed first, or DONE."""
        while True:
            if len(self._untold) < self._workers and not self._exhausted and not self._blocked:
                answer = self._algorithm.ask()
                if isinstance(answer, Suggestion):
                    self._untold.append(answer.number)
                    self._ids[answer.number] = answer.configuration_id
                    return answer
                # Asking again cannot help before something was told.
                self._exhausted = answer is Signal.DONE
                self._blocked = answer is Signal.WAIT
            if not self._untold:
                return Signal.DONE
            if self._order == "arrival" or self._untold[0] not in self._results:
                return Signal.WAIT
            number = self._untold.popleft()
            self._tell(number, self._results.pop(number))

    def result(self, number: int, loss: float | None) -> None:
        """Take the loss of a suggestion (``None``: it failed) as it arrives.

        Raises:
            ValueError: The suggestion is not outstanding.
        """
        if number not in self._untold or number in self._results:
            raise ValueError(f"trial {number} is not outstanding")
        if self._order == "asked":
            self._results[number] = loss
        else:
            self._untold.remove(number)
            self._tell(number, loss)

    def _tell(self, number: int, loss: float | None) -> None:
        self._algorithm.tell(number, loss)
        del self._ids[number]
        self._blocked = False

    def alive(self) -> frozenset[str]:
        """Return the configurations whose checkpoints a later suggestion may need."""
        return self._algorithm.alive() | frozenset(self._ids[number] for number in self._untold)
