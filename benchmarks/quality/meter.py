"""What a search has spent, and what it has seen for it."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.quality.surface import Configuration, Surface

FAILURE_COST = 1  # a configuration that diverges does so in its first unit of budget


@dataclass(frozen=True)
class Evaluation:
    """One loss, in the order in which the search learnt of it.

    Attributes:
        spent: Budget that the search had spent when it had this loss.
        configuration: What was evaluated.
        budget: The budget it was evaluated at.
        loss: What the search was told; None if it diverged.
    """

    spent: int
    configuration: Configuration
    budget: int
    loss: float | None


@dataclass(frozen=True)
class Trace:
    """A whole search.

    Attributes:
        evaluations: In the order of their ends.
        total: Budget that the search could spend.
        model_share: Share of the drawn configurations that came from a model, where it is known.
        saved: Budget that promotions did not spend because they continued.
    """

    evaluations: tuple[Evaluation, ...]
    total: int
    model_share: float | None = None
    saved: int = 0

    @property
    def spent(self) -> int:
        """Budget that the search did spend."""
        return self.evaluations[-1].spent if self.evaluations else 0


class Meter:
    """Evaluates on a surface, charges for it, and keeps the trace."""

    def __init__(self, surface: Surface, total: int) -> None:
        self._surface = surface
        self._total = total
        self._spent = 0
        self._evaluations: list[Evaluation] = []

    def affords(self, cost: int) -> bool:
        """Whether so much is left."""
        return self._spent + cost <= self._total

    def evaluate(self, configuration: Configuration, budget: int, start: int = 0) -> float | None:
        """Evaluate, charge and record.

        Args:
            configuration: What to evaluate.
            budget: The budget to evaluate it at.
            start: The budget that an earlier evaluation has already paid for.

        Raises:
            ValueError: The search cannot afford it.
        """
        loss = self.step(configuration, budget, budget - start)
        self.record(configuration, budget, loss)
        return loss

    def step(self, configuration: Configuration, budget: int, cost: int) -> float | None:
        """Return the loss at a budget and charge a cost for it, without recording."""
        if not self.affords(cost):
            raise ValueError(f"{self._spent} of {self._total} are spent: {cost} more is too much")
        loss = self._surface.loss(configuration, budget)
        self._spent += cost if loss is not None else min(cost, FAILURE_COST)
        return loss

    def record(self, configuration: Configuration, budget: int, loss: float | None) -> None:
        """Note that the search has seen a loss."""
        self._evaluations.append(Evaluation(self._spent, dict(configuration), budget, loss))

    def trace(self, model_share: float | None = None, saved: int = 0) -> Trace:
        """Everything so far."""
        return Trace(tuple(self._evaluations), self._total, model_share, saved)
