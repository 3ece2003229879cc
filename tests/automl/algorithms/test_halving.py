"""Which configurations climb, which are replaced, and whose checkpoints are still needed."""

from __future__ import annotations

import numpy as np
from hpbandster.optimizers.iterations import SuccessiveHalving as HpBandSterHalving
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.algorithms.base import Budget, PlannedBracket
from automl.algorithms.halving import Contender, SuccessiveHalving
from automl.algorithms.sampling import Draw

RUNGS = ((9, 1), (3, 3), (1, 9))


class Bracket:
    """A bracket whose configurations are numbered in the order of drawing."""

    def __init__(self, rungs: tuple[tuple[int, Budget], ...] = RUNGS) -> None:
        self.drawn: list[Budget] = []
        self.halving = SuccessiveHalving(PlannedBracket(0, rungs), self._draw)

    def _draw(self, budget: Budget) -> Draw:
        self.drawn.append(budget)
        return Draw({"index": len(self.drawn) - 1}, "random")

    def next(self) -> Contender | None:
        return self.halving.next_run()

    def run(self, losses: list[float | None]) -> list[tuple[int, Budget]]:
        """Give the next runs these losses, one after the other; returns the runs."""
        runs = []
        for loss in losses:
            contender = self.next()
            assert contender is not None
            runs.append((index(contender), contender.budget))
            self.halving.register(contender, loss)
        return runs

    def promotable(self) -> list[int]:
        return sorted(index(contender) for contender in self.halving.promotable())


def index(contender: Contender) -> int:
    value = contender.draw.configuration["index"]
    assert isinstance(value, int)
    return value


def test_the_best_third_climbs_in_the_order_of_drawing():
    bracket = Bracket()
    bracket.run([0.9, 0.3, 0.8, 0.1, 0.7, 0.6, 0.2, 0.5, 0.4])
    assert bracket.run([0.2, 0.3, 0.1]) == [(1, 3), (3, 3), (6, 3)]
    assert bracket.run([0.0]) == [(6, 9)]
    assert bracket.next() is None
    assert bracket.halving.finished


def test_equal_losses_climb_in_the_order_of_drawing():
    bracket = Bracket(((60, 1), (20, 3)))
    bracket.run([0.5] * 60)
    assert bracket.run([0.5] * 20) == [(i, 3) for i in range(20)]


def test_configurations_are_drawn_when_due():
    bracket = Bracket()
    bracket.run([0.5, 0.5])
    assert len(bracket.drawn) == 2


def test_a_rung_waits_for_its_last_result():
    bracket = Bracket(((2, 1), (1, 3)))
    first, second = bracket.next(), bracket.next()
    assert first is not None
    assert second is not None
    bracket.halving.register(second, 0.1)
    assert bracket.next() is None
    assert not bracket.halving.finished
    bracket.halving.register(first, 0.2)
    promoted = bracket.next()
    assert promoted is second
    assert (promoted.budget, promoted.previous_budget, promoted.rung) == (3, 1, 1)


def test_missing_survivors_are_replaced_at_the_bigger_budget():
    bracket = Bracket()
    bracket.run([None] * 8 + [0.5])
    assert bracket.run([0.9, None, 0.1]) == [(8, 3), (9, 3), (10, 3)]
    assert bracket.drawn == [1] * 9 + [3] * 2
    assert bracket.run([0.3]) == [(10, 9)]


def test_only_contenders_for_the_next_rung_stay_alive():
    bracket = Bracket()
    bracket.run([0.9, 0.3, 0.8, None, 0.7])
    assert bracket.promotable() == [1, 2, 4]
    running = bracket.next()
    assert running is not None
    assert bracket.promotable() == [1, 2, 4, 5]
    bracket.halving.register(running, 0.1)
    assert bracket.promotable() == [1, 4, 5]


def test_in_the_last_rung_only_what_it_starts_from_stays_alive():
    bracket = Bracket(((2, 1), (2, 3)))
    bracket.run([0.2, None])
    promoted, fresh = bracket.next(), bracket.next()
    assert promoted is not None
    assert fresh is not None
    assert bracket.promotable() == [0]
    bracket.halving.register(fresh, 0.1)
    bracket.halving.register(promoted, 0.1)
    assert bracket.promotable() == []


losses = st.lists(
    st.one_of(st.none(), st.floats(0, 1, allow_subnormal=False)),
    min_size=13,
    max_size=13,
    unique_by=lambda loss: object() if loss is None else loss,
)


@settings(deadline=None)
@given(losses)
def test_promotions_are_hpbandsters(losses: list[float | None]):
    class Job:
        timestamps: dict[str, float] = {}
        exception = None

        def __init__(self, run: tuple, loss: float | None) -> None:
            self.id, config, budget = run
            self.kwargs = {"config": config, "budget": budget}
            self.result = None if loss is None else {"loss": loss}

    drawn: list[int] = []

    def sampler(_: float) -> tuple[int, dict]:
        drawn.append(len(drawn))
        return drawn[-1], {}

    reference = HpBandSterHalving(
        HPB_iter=0,
        num_configs=[count for count, _ in RUNGS],
        budgets=np.array([float(budget) for _, budget in RUNGS]),
        config_sampler=sampler,
    )
    expected = []
    for loss in losses:
        run = reference.get_next_run()
        expected.append((run[1], run[2]))
        reference.register_result(Job(run, loss))
    assert reference.get_next_run() is None
    assert reference.is_finished
    assert Bracket().run(losses) == expected


@settings(deadline=None)
@given(losses, st.integers(0, 12))
def test_whatever_climbs_was_alive_all_along(losses: list[float | None], moment: int):
    bracket = Bracket()
    bracket.run(losses[:moment])
    seen = set(range(len(bracket.drawn)))
    alive = set(bracket.promotable())
    later = bracket.run(losses[moment:])
    assert seen & {i for i, _ in later} <= alive
