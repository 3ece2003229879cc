"""Hyperband (Li et al. 2018): brackets of successive halving, filled asynchronously."""

from __future__ import annotations

from collections import deque
from copy import deepcopy

from automl.algorithms.asktell import AskTell, Proposal
from automl.algorithms.base import Budget, Plan
from automl.algorithms.brackets import plan_brackets
from automl.algorithms.halving import Contender, SuccessiveHalving
from automl.algorithms.initial import Initial, checked_initial
from automl.algorithms.randomness import derived_seeds
from automl.algorithms.sampling import Draw, Sampler, UniformSampler
from searchspaces import Space, configuration_id

Run = tuple[SuccessiveHalving, Contender]


class BracketSearch(AskTell[Run]):
    """Runs a plan of brackets with configurations from a sampler, as HpBandSter's `Master` does.

    A run is taken from the first open bracket that has one; when none has, the next bracket is
    opened. So no worker waits for the slowest evaluation of a rung until the last bracket.
    Initial configurations take the place of the first draws, whichever bracket needs them.
    """

    def __init__(
        self, name: str, plan: Plan, space: Space, sampler: Sampler, initial: Initial
    ) -> None:
        super().__init__(name, plan)
        self._sampler = sampler
        self._initial = deque(checked_initial(initial, space, plan))
        self._unopened = iter(plan.brackets)
        self._open: list[SuccessiveHalving] = []

    def alive(self) -> frozenset[str]:
        """Ids of configurations whose checkpoint a promotion, now or later, may start from."""
        return frozenset(
            configuration_id(contender.draw.configuration)
            for bracket in self._open
            for contender in bracket.promotable()
        )

    def _propose(self, number: int) -> Proposal[Run] | None:  # noqa: ARG002 - draws are in order
        run = self._next_run()
        if run is None:
            return None
        bracket, contender = run
        promoted = contender.previous_budget is not None
        return Proposal(
            deepcopy(contender.draw.configuration),
            contender.budget,
            "promoted" if promoted else contender.draw.origin,
            handle=run,
            bracket=bracket.index,
            rung=contender.rung,
            previous_budget=contender.previous_budget,
        )

    def _next_run(self) -> Run | None:
        while True:
            for bracket in self._open:
                contender = bracket.next_run()
                if contender is not None:
                    return bracket, contender
            self._open = [bracket for bracket in self._open if not bracket.finished]
            planned = next(self._unopened, None)
            if planned is None:
                return None
            self._open.append(SuccessiveHalving(planned, self._draw))

    def _draw(self, budget: Budget) -> Draw:
        if self._initial:
            return self._sampler.given(self._initial.popleft())
        return self._sampler.draw(budget)

    def _learn(self, handle: Run, loss: float | None) -> None:
        bracket, contender = handle
        bracket.register(contender, loss)
        self._sampler.learn(contender.draw, contender.budget, loss)


class Hyperband(BracketSearch):
    """Hyperband with uniform draws."""

    def __init__(
        self,
        space: Space,
        seed: int,
        *,
        min_budget: Budget,
        max_budget: Budget,
        iterations: int,
        eta: float = 3,
        integer_budgets: bool = True,
        initial: Initial = (),
    ) -> None:
        """Set up the search; the settings and refusals are those of `plan_brackets`.

        Raises:
            ValueError: Also for `initial`, as `checked_initial` does.
        """
        plan = plan_brackets(
            min_budget, max_budget, eta, iterations, integer_budgets=integer_budgets
        )
        sampler = UniformSampler(space, derived_seeds(seed, 1)[0])
        super().__init__("hyperband", plan, space, sampler, initial)
