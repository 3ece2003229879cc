"""Grid search: every configuration of a finite space once, or a random part of them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from random import Random

from automl.algorithms.asktell import AskTell, Proposal
from automl.algorithms.base import Budget
from automl.algorithms.initial import Initial, checked_initial
from automl.algorithms.random_search import single_rung
from automl.algorithms.settings import number as checked_number
from automl.algorithms.settings import whole
from searchspaces import Space, configuration_at, number_of


class Grid(AskTell[None]):
    """Walks the grid in the order of the declaration, or as much of it as there are trials.

    With fewer trials than configurations it is the budgeted form: distinct configurations in
    random order, of which the first n are a uniform sample without replacement for every n.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        *,
        trials: int | None = None,
        budget: Budget = 1,
        initial: Initial = (),
    ) -> None:
        """Set up the search.

        Args:
            space: The space to search.
            seed: Seed of the budgeted form; the whole grid needs none.
            trials: How many configurations; None, or as many as there are, for the whole grid.
            budget: What each evaluation may spend.
            initial: Points of the space that come first and are not repeated.

        Raises:
            ValueError: A parameter has a continuum of values, `trials` or `budget` is not
                positive, or as `checked_initial` does.
        """
        self._budget = checked_number("budget", budget, above=0)
        size = _size(space)
        planned = size if trials is None else min(whole("trials", trials, least=1), size)
        plan = single_rung(planned, self._budget)
        super().__init__("grid", plan)
        self._initial = checked_initial(initial, space, plan)
        self._given = frozenset(number_of(space, point) for point in self._initial)
        self._space = space
        self._origin = "grid" if planned == size else "random"
        self._numbers = iter(range(size)) if planned == size else _shuffled(size, seed)

    def _propose(self, number: int) -> Proposal[None]:
        if number < len(self._initial):
            given = deepcopy(self._initial[number])
            return Proposal(given, self._budget, "warm_start", handle=None)
        place = next(place for place in self._numbers if place not in self._given)
        drawn = configuration_at(self._space, place)
        return Proposal(drawn, self._budget, self._origin, handle=None)

    def _learn(self, handle: None, loss: float | None) -> None:
        """Nothing is learnt."""


def _size(space: Space) -> int:
    if space.cardinality is None:
        endless = [parameter.name for parameter in space.parameters if parameter.size is None]
        raise ValueError(
            f"space {space.name}: a grid cannot list the continuum of {', '.join(endless)}: "
            "declare an ordinal with the choices to try, or take algorithm=random"
        )
    return space.cardinality


def _shuffled(size: int, seed: int) -> Iterator[int]:
    """The numbers below `size` in random order, of which only those drawn are remembered."""
    rng = Random(seed)
    moved: dict[int, int] = {}
    for place in range(size):
        # Fisher and Yates's shuffle; a place that is not in `moved` still has its own number.
        chosen = rng.randrange(place, size)
        drawn = moved.get(chosen, chosen)
        moved[chosen] = moved.pop(place, place)
        yield drawn
