"""What every search algorithm offers: the ask/tell protocol and its values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

Budget = int | float


class AlgorithmError(RuntimeError):
    """An algorithm's model failed inside a library; the message says which and how."""


class Signal(Enum):
    """What `ask` answers when it has no suggestion."""

    WAIT = "wait"  # a result that is still outstanding decides what comes next
    DONE = "done"  # every evaluation of the plan has been handed out


@dataclass(frozen=True)
class Suggestion:
    """One evaluation to run: a configuration at a budget.

    Attributes:
        number: Position in the search's sequence of suggestions, from 0.
        configuration: Active parameters only, plain Python values.
        configuration_id: `searchspaces.configuration_id` of the configuration.
        budget: What the evaluation may spend in total, in the trainable's unit (epochs).
        origin: Where the configuration is from: `random`, `model`, `grid` (its turn in the whole
            grid), `warm_start` (given to the search), `fallback` (random, as the model had no
            candidate to offer) or `promoted`.
        bracket: Index of the bracket, from 0; None without brackets.
        rung: Index of the rung inside its bracket, from 0; None without brackets.
        previous_budget: Budget of the rung it was promoted from, where its checkpoint is;
            None for a configuration that starts from scratch.
    """

    number: int
    configuration: dict[str, Any]
    configuration_id: str
    budget: Budget
    origin: str
    bracket: int | None = None
    rung: int | None = None
    previous_budget: Budget | None = None


@dataclass(frozen=True)
class PlannedBracket:
    """One successive-halving run: its rungs as (number of configurations, budget of each)."""

    index: int
    rungs: tuple[tuple[int, Budget], ...]

    @property
    def trials(self) -> int:
        """Evaluations in all rungs together."""
        return sum(count for count, _ in self.rungs)

    @property
    def configurations(self) -> int:
        """Configurations drawn when nothing fails; each failure may cost a further draw."""
        return self.rungs[0][0]

    @property
    def budget(self) -> Budget:
        """Total budget when every evaluation starts from scratch."""
        return sum(count * budget for count, budget in self.rungs)

    @property
    def budget_continued(self) -> Budget:
        """Total budget when a promoted configuration continues from its checkpoint."""
        starts = (0, *(budget for _, budget in self.rungs))
        return sum(
            count * (budget - start)
            for (count, budget), start in zip(self.rungs, starts, strict=False)
        )


@dataclass(frozen=True)
class Plan:
    """All evaluations of a search, known before the first one starts."""

    brackets: tuple[PlannedBracket, ...]

    @property
    def trials(self) -> int:
        """Number of evaluations: `ask` hands out exactly so many suggestions."""
        return sum(bracket.trials for bracket in self.brackets)

    @property
    def configurations(self) -> int:
        """Number of distinct draws when nothing fails."""
        return sum(bracket.configurations for bracket in self.brackets)

    @property
    def budget(self) -> Budget:
        """Total budget when every evaluation starts from scratch."""
        return sum(bracket.budget for bracket in self.brackets)

    @property
    def budget_continued(self) -> Budget:
        """Total budget when promotions continue from checkpoints and nothing fails."""
        return sum(bracket.budget_continued for bracket in self.brackets)


class Algorithm(Protocol):
    """A search algorithm as a pure state machine.

    Its state is a function of its seed, its settings and the sequence of calls to `ask` and
    `tell`; repeating the calls on a fresh algorithm repeats the suggestions. Any number of
    suggestions may be outstanding, and they may be told in any order.
    """

    @property
    def name(self) -> str:
        """The algorithm's name, as `build` takes it."""
        ...

    def ask(self) -> Suggestion | Signal:
        """The next evaluation, WAIT if an outstanding one decides it, or DONE.

        WAIT is never answered while nothing is outstanding, and DONE does not wait for results:
        it follows the plan's last suggestion. Neither changes the state, so that a replay need
        not repeat such calls.

        Raises:
            AlgorithmError: If a model failed inside a library.
        """
        ...

    def tell(self, number: int, loss: float | None) -> None:
        """Report the loss of suggestion `number`; lower is better.

        Args:
            number: The suggestion's number.
            loss: Its loss; None or a non-finite value means that the evaluation failed, which
                ranks below every finite loss.

        Raises:
            ValueError: If the number was never asked or has been told before.
        """
        ...

    def plan(self) -> Plan:
        """All evaluations this search will hand out."""
        ...

    def alive(self) -> frozenset[str]:
        """Ids of configurations that may still be promoted: their checkpoints are needed."""
        ...
