"""The best configuration so far against the budget spent, for the parent's chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.objective import excess


class Incumbent:
    """Follows finished trials: the best validation accuracy at the largest budget seen.

    Where the objective has a limit, what keeps it comes before what does not.
    """

    def __init__(self) -> None:
        self.spent = 0.0
        self.budget = 0.0
        self.accuracy: float | None = None
        self.configuration_id: str | None = None
        self._excess = 0.0

    def spend(self, asked: Mapping[str, Any], reached: float) -> None:
        """Count what a trial cost that came as far as ``reached``.

        A promoted trial goes on from its last checkpoint and pays for the difference only.
        """
        self.spent += max(0.0, reached - (asked.get("previous_budget") or 0))

    def offer(self, asked: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """Take a finished trial, as its event tells of it, as the incumbent if it is better."""
        accuracy = (event.get("metrics") or {}).get("validation_accuracy")
        if not isinstance(accuracy, int | float) or accuracy != accuracy:
            return
        budget, beyond = asked["budget"], excess(event.get("loss"))
        found = (-budget, beyond, -accuracy)
        if self.accuracy is None or found < (-self.budget, self._excess, -self.accuracy):
            self.budget, self.accuracy, self._excess = budget, float(accuracy), beyond
            self.configuration_id = asked["configuration_id"]
