"""The order in which an algorithm hears of results: the one place where timing could decide.

``asked``: in the order of the asks. An ask is made only when fewer than ``window`` asks are
untold: ask number k sees exactly the results up to k - window (more where the algorithm itself
had to wait for a rung). ``planned``: in the order in which they would come if every unit of
budget took equally long. ``arrival``: as they come.
"""

from __future__ import annotations

import heapq

from automl.algorithms import Algorithm, AlgorithmError, Signal, Suggestion
from automl.errors import SearchError
from automl.settings import Order


class Conductor:
    """Stands between an algorithm and whoever runs its suggestions. Pure: no clock, no I/O.

    In planned order a suggestion is due when the last told one was due at the time of its ask,
    plus the budget that it has to spend. When no ask may be made, the suggestion that is due
    first is told next, as soon as its result is there. What is asked and told then follows from
    budgets and losses alone, as it does with ``asked``, which is the same where there is but
    one budget.

    Args:
        algorithm: Any ask/tell algorithm.
        window: Suggestions that may be untold at the same time: the number of workers, or more
            to keep workers busy at the price of a model that knows less.
        order: ``asked``, ``planned`` or ``arrival``.
        continues: Whether a promoted configuration spends only what its budget has grown by.
    """

    def __init__(
        self, algorithm: Algorithm, window: int, order: Order, *, continues: bool = True
    ) -> None:
        self._algorithm = algorithm
        self._window = window
        self._order = order
        self._continues = continues
        # Untold suggestions as (due, number), a heap.
        self._untold: list[tuple[float, int]] = []
        self._now = 0.0
        self._ids: dict[int, str] = {}
        self._results: dict[int, float | None] = {}
        self._exhausted = False
        self._blocked = False

    def next(self) -> Suggestion | Signal:
        """Return the next suggestion, WAIT while results are needed first, or DONE.

        Raises:
            SearchError: The algorithm's model failed.
        """
        while True:
            if len(self._untold) < self._window and not self._exhausted and not self._blocked:
                answer = self._ask()
                if isinstance(answer, Suggestion):
                    heapq.heappush(self._untold, (self._due(answer), answer.number))
                    self._ids[answer.number] = answer.configuration_id
                    return answer
                # Asking again cannot help before something was told.
                self._exhausted = answer is Signal.DONE
                self._blocked = answer is Signal.WAIT
            if not self._untold:
                return Signal.DONE
            due, number = self._untold[0]
            if self._order == "arrival" or number not in self._results:
                return Signal.WAIT
            heapq.heappop(self._untold)
            self._now = due
            self._tell(number, self._results.pop(number))

    def result(self, number: int, loss: float | None) -> None:
        """Take the loss of a suggestion (``None``: it failed) as it arrives.

        Raises:
            ValueError: The suggestion is not outstanding.
        """
        if number not in self._ids or number in self._results:
            raise ValueError(f"trial {number} is not outstanding")
        if self._order == "arrival":
            self._untold = [entry for entry in self._untold if entry[1] != number]
            heapq.heapify(self._untold)
            self._tell(number, loss)
        else:
            self._results[number] = loss

    def _ask(self) -> Suggestion | Signal:
        try:
            return self._algorithm.ask()
        except AlgorithmError as error:
            raise SearchError(str(error)) from error

    def _due(self, suggestion: Suggestion) -> float:
        if self._order == "asked":
            return float(suggestion.number)
        spent = suggestion.previous_budget if self._continues else None
        return self._now + suggestion.budget - (spent or 0)

    def _tell(self, number: int, loss: float | None) -> None:
        self._algorithm.tell(number, loss)
        del self._ids[number]
        self._blocked = False

    def alive(self) -> frozenset[str]:
        """Return the configurations whose checkpoints a later suggestion may need."""
        return self._algorithm.alive() | frozenset(self._ids.values())
