"""Random search: independent uniform draws, the baseline of every comparison."""

from __future__ import annotations

from copy import deepcopy

import numpy as np

from automl.algorithms.asktell import AskTell, Proposal
from automl.algorithms.base import Budget, Plan, PlannedBracket
from automl.algorithms.initial import Initial, checked_initial
from automl.algorithms.randomness import numbered_seed
from automl.algorithms.settings import number as checked_number
from automl.algorithms.settings import whole
from searchspaces import Space, sample


def single_rung(trials: int, budget: Budget) -> Plan:
    """The plan of an algorithm without brackets: `trials` evaluations at one budget."""
    return Plan((PlannedBracket(index=0, rungs=((trials, budget),)),))


class RandomSearch(AskTell[None]):
    """Draws configuration number n from the n-th stream of the seed, whatever was told."""

    def __init__(
        self,
        space: Space,
        seed: int,
        *,
        trials: int,
        budget: Budget = 1,
        initial: Initial = (),
    ) -> None:
        """Set up the search.

        Raises:
            ValueError: `trials` or `budget` is not positive, or as `checked_initial` does.
        """
        self._budget = checked_number("budget", budget, above=0)
        plan = single_rung(whole("trials", trials, least=1), self._budget)
        super().__init__("random", plan)
        self._initial = checked_initial(initial, space, plan)
        self._space = space
        self._seed = seed

    def _propose(self, number: int) -> Proposal[None]:
        if number < len(self._initial):
            given = deepcopy(self._initial[number])
            return Proposal(given, self._budget, "warm_start", handle=None)
        rng = np.random.default_rng(numbered_seed(self._seed, number))
        return Proposal(sample(self._space, rng), self._budget, "random", handle=None)

    def _learn(self, handle: None, loss: float | None) -> None:
        """Nothing is learnt."""
