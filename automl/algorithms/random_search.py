"""Random search: independent uniform draws, the baseline of every comparison."""

from __future__ import annotations

import numpy as np

from automl.algorithms.asktell import AskTell, Proposal
from automl.algorithms.base import Budget, Plan, PlannedBracket
from automl.algorithms.randomness import numbered_seed
from automl.algorithms.settings import number as checked_number
from automl.algorithms.settings import whole
from searchspaces import Space, sample


def single_rung(trials: int, budget: Budget) -> Plan:
    """The plan of an algorithm without brackets: `trials` evaluations at one budget."""
    return Plan((PlannedBracket(index=0, rungs=((trials, budget),)),))


class RandomSearch(AskTell[None]):
    """Draws configuration number n from the n-th stream of the seed, whatever was told."""

    def __init__(self, space: Space, seed: int, *, trials: int, budget: Budget = 1) -> None:
        """Raises ValueError if `trials` or `budget` is not positive."""
        self._budget = checked_number("budget", budget, above=0)
        super().__init__("random", single_rung(whole("trials", trials, least=1), self._budget))
        self._space = space
        self._seed = seed

    def _propose(self, number: int) -> Proposal[None]:
        rng = np.random.default_rng(numbered_seed(self._seed, number))
        return Proposal(sample(self._space, rng), self._budget, "random", handle=None)

    def _learn(self, handle: None, loss: float | None) -> None:
        """Nothing is learnt."""
