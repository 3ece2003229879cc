"""The best configuration so far against the budget spent, for the parent's chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Incumbent:
    """Follows finished trials: the best validation accuracy at the largest budget seen."""

    def __init__(self) -> None:
        self.spent = 0.0
        self.budget = 0.0
        self.accuracy: float | None = None
        self.configuration_id: str | None = None

    def spend(self, asked: Mapping[str, Any], reached: float) -> None:
        """Count what a trial cost that came as far as ``reached``.

        A promoted trial goes on from its last checkpoint and pays for the difference only.
        """
        self.spent += max(0.0, reached - (asked.get("previous_budget") or 0))

    def offer(self, asked: Mapping[str, Any], metrics: Mapping[str, Any]) -> None:
        """Take a finished trial as the incumbent if it is better."""
        accuracy = metrics.get("validation_accuracy")
        if not isinstance(accuracy, int | float) or accuracy != accuracy:
            return
        budget = asked["budget"]
        first_at_budget = budget > self.budget or self.accuracy is None
        if first_at_budget or (budget == self.budget and accuracy > (self.accuracy or 0.0)):
            self.budget, self.accuracy = budget, float(accuracy)
            self.configuration_id = asked["configuration_id"]
