"""What a search minimises: the error, or the error of what is fast enough."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from automl.errors import UserError


@dataclass(frozen=True)
class Objective:
    """How a configuration's validation accuracy, and perhaps its latency, become its loss.

    A limit is kept as Deb's rule has it (Computer Methods in Applied Mechanics and Engineering
    186, 2000): what keeps it ranks before what does not, by accuracy; the others rank by how far
    they are beyond it. All algorithms here use the order of losses alone, so that the size of
    what is added does not matter.

    Attributes:
        name: ``accuracy``, or ``accuracy_latency``: latencies are measured and recorded.
        latency_limit_ms: Most milliseconds that one image may take; None for any number.
    """

    name: Literal["accuracy", "accuracy_latency"] = "accuracy"
    latency_limit_ms: float | None = None

    @property
    def measures_latency(self) -> bool:
        """Whether the latency of every model is wanted."""
        return self.name == "accuracy_latency"

    @property
    def words(self) -> str:
        """The objective for people."""
        if self.latency_limit_ms is None:
            return "accuracy" + (", latency recorded" if self.measures_latency else "")
        return f"accuracy of what takes {self.latency_limit_ms:g} ms an image or less"

    def loss(self, accuracy: float, latency_ms: float | None = None) -> float:
        """Return what the algorithm is told: at most 1, or above 1 beyond the limit.

        Args:
            accuracy: Validation accuracy, 0 to 1.
            latency_ms: Milliseconds of one image; None where it was not measured.
        """
        limit = self.latency_limit_ms
        if limit is None or latency_ms is None or latency_ms <= limit:
            return 1.0 - accuracy
        return 1.0 + math.log(latency_ms / limit)


ACCURACY = Objective()
"""The objective of searches that name none."""


def excess(loss: float | None) -> float:
    """Return how far beyond the limit a loss is; 0 for one within, or without a limit."""
    return 0.0 if loss is None else max(0.0, loss - 1.0)


def check_objective(objective: Objective) -> None:
    """Refuse an objective that means nothing.

    Raises:
        UserError: Naming its key.
    """
    limit = objective.latency_limit_ms
    if limit is None:
        return
    if not objective.measures_latency:
        raise UserError(
            "objective.latency_limit_ms: objective=accuracy measures no latency; "
            "choose objective=accuracy_latency"
        )
    if not 0 < limit < math.inf:
        raise UserError(
            f"objective.latency_limit_ms: {limit:g} is no number of milliseconds above 0; "
            "use null for no limit"
        )
