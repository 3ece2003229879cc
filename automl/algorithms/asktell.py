"""The bookkeeping that every algorithm shares: numbers, outstanding suggestions, failures."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from automl.algorithms.base import Budget, Plan, Signal, Suggestion
from searchspaces import configuration_id

Handle = TypeVar("Handle")


@dataclass(frozen=True)
class Proposal(Generic[Handle]):
    """A suggestion before it gets its number, with what the algorithm needs at its `tell`."""

    configuration: dict[str, Any]
    budget: Budget
    origin: str
    handle: Handle
    bracket: int | None = None
    rung: int | None = None
    previous_budget: Budget | None = None


class AskTell(ABC, Generic[Handle]):
    """Numbers suggestions, pairs each result with its suggestion, ends with the plan."""

    def __init__(self, name: str, plan: Plan) -> None:
        self._name = name
        self._plan = plan
        self._planned = plan.trials
        self._asked = 0
        self._outstanding: dict[int, Handle] = {}

    @property
    def name(self) -> str:
        """The algorithm's name, as `build` takes it."""
        return self._name

    def plan(self) -> Plan:
        """All evaluations this search will hand out."""
        return self._plan

    def alive(self) -> frozenset[str]:
        """Ids of configurations that may still be promoted: none where nothing is."""
        return frozenset()

    def ask(self) -> Suggestion | Signal:
        """The next evaluation, WAIT if an outstanding one decides it, or DONE."""
        if self._asked == self._planned:
            return Signal.DONE
        number = self._asked
        proposal = self._propose(number)
        if proposal is None:
            return Signal.WAIT
        self._asked += 1
        self._outstanding[number] = proposal.handle
        return Suggestion(
            number=number,
            configuration=proposal.configuration,
            configuration_id=configuration_id(proposal.configuration),
            budget=proposal.budget,
            origin=proposal.origin,
            bracket=proposal.bracket,
            rung=proposal.rung,
            previous_budget=proposal.previous_budget,
        )

    def tell(self, number: int, loss: float | None) -> None:
        """Report the loss of suggestion `number`; None or non-finite means that it failed.

        Raises:
            ValueError: If the number was never asked or has been told before.
        """
        if number not in self._outstanding:
            known = isinstance(number, int) and 0 <= number < self._asked
            raise ValueError(
                f"suggestion {number} has already been told"
                if known
                else f"suggestion {number} was never asked ({self._asked} asked so far)"
            )
        # A message about a loss that is no number at all must come before the state changes.
        finite = None if loss is None or not math.isfinite(loss) else float(loss)
        self._learn(self._outstanding.pop(number), finite)

    @abstractmethod
    def _propose(self, number: int) -> Proposal[Handle] | None:
        """The next proposal, or None while an outstanding result decides it."""

    @abstractmethod
    def _learn(self, handle: Handle, loss: float | None) -> None:
        """Take in a finite loss, or None for a failure."""
