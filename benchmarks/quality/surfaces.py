"""The surfaces by name, and how much a search may spend on each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from automl.algorithms import plan_brackets
from benchmarks.quality.conditional import Conditional
from benchmarks.quality.counting_ones import CountingOnes
from benchmarks.quality.learning_curves import LearningCurves
from benchmarks.quality.surface import Surface


@dataclass(frozen=True)
class Family:
    """Surfaces of one kind.

    Attributes:
        kind: The class; its `draw` makes the surface of a seed.
        total: Budget of a search in the long form.
        short: Budget of a search in the short form.
    """

    kind: type[LearningCurves] | type[CountingOnes] | type[Conditional]
    total: int
    short: int

    @property
    def fidelities(self) -> bool:
        """Whether there is more than one budget."""
        return self.kind.max_budget > self.kind.min_budget

    def draw(self, seed: int) -> Surface:
        """The surface of a seed."""
        return self.kind.draw(seed)


def _brackets(kind: type[LearningCurves] | type[CountingOnes], iterations: int) -> int:
    """What so many of BOHB's brackets cost from scratch when nothing fails."""
    return int(plan_brackets(kind.min_budget, kind.max_budget, 3, iterations).budget)


SURFACES: Mapping[str, Family] = MappingProxyType(
    {
        # The paper's search (section 4.3): 16 brackets of 1 to 50 epochs, 2,836 in all.
        "deepfreak": Family(
            LearningCurves, _brackets(LearningCurves, 16), _brackets(LearningCurves, 4)
        ),
        "counting_ones": Family(
            CountingOnes, _brackets(CountingOnes, 8), _brackets(CountingOnes, 4)
        ),
        # The paper's TPE (section 4.2) had 150 evaluations.
        "classical": Family(Conditional, 150, 75),
    }
)
