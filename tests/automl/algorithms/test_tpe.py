"""TPE is hyperopt's: the same suggestions as `fmin`, and a history of what was told alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import hyperopt
import numpy as np
import pytest
from hyperopt.fmin import generate_trials_to_calculate

from automl.algorithms import Suggestion, build
from automl.algorithms.randomness import numbered_seed
from automl.algorithms.ranking import FAILED, DistinctLosses
from searchspaces import Space, from_hyperopt, sample, to_hyperopt, to_hyperopt_vals

Loss = Callable[[dict[str, Any], float], float]


class OurSeeds:
    """In place of fmin's generator, which it asks for one seed per suggestion.

    It asks for none for its `points_to_evaluate`: the first seed is that of number `given`.
    """

    def __init__(self, seed: int, given: int = 0) -> None:
        self._seed = seed
        self._number = given - 1

    def integers(self, _: int) -> int:
        self._number += 1
        return numbered_seed(self._seed, self._number)


def fmin(
    space: Space,
    seed: int,
    trials: int,
    loss: Callable[..., Any],
    initial: list[dict[str, Any]] | None = None,
    **settings: Any,
) -> list:
    seen = []
    points = [to_hyperopt_vals(space, configuration) for configuration in initial or []]
    trials_to_calculate = generate_trials_to_calculate(
        [{label: code[0] for label, code in vals.items() if code} for vals in points]
    )
    # What fmin makes of `points_to_evaluate` lacks the labels of inactive parameters.
    for vals, document in zip(points, trials_to_calculate._dynamic_trials, strict=True):
        for label in vals:
            document["misc"]["idxs"].setdefault(label, [])
            document["misc"]["vals"].setdefault(label, [])

    def objective(point: dict[str, Any]) -> Any:
        configuration = from_hyperopt(space, point)
        seen.append(configuration)
        return loss(configuration)

    hyperopt.fmin(
        objective,
        to_hyperopt(space),
        algo=partial(hyperopt.tpe.suggest, verbose=False, **settings),
        max_evals=trials - len(points),  # it counts those that it draws itself
        trials=trials_to_calculate,
        rstate=OurSeeds(seed, len(points)),
        show_progressbar=False,
        verbose=False,
        return_argmin=False,
    )
    return seen


@pytest.mark.parametrize(
    "settings", [{}, {"n_startup_jobs": 5, "gamma": 0.5, "n_EI_candidates": 7}]
)
@pytest.mark.parametrize("which", ["flat", "conditional"])
def test_the_search_is_fmins(
    which: str,
    settings: dict[str, Any],
    request: pytest.FixtureRequest,
    drive: Callable[..., list[Any]],
):
    space: Space = request.getfixturevalue(which)
    loss: Loss = request.getfixturevalue(f"{which}_loss")
    calls = drive(
        build("tpe", space, 2, trials=30, budget=1, **settings),
        lambda s: loss(s.configuration, 1),
    )
    asked = [call for call in calls if isinstance(call, Suggestion)]
    expected = fmin(space, 2, 30, lambda configuration: loss(configuration, 1), **settings)
    assert [s.configuration for s in asked] == expected
    startup = settings.get("n_startup_jobs", 20)
    assert [s.origin for s in asked] == ["random"] * startup + ["model"] * (30 - startup)


@pytest.mark.parametrize("which", ["flat", "conditional"])
def test_initial_configurations_are_fmins_points_to_evaluate(
    which: str, request: pytest.FixtureRequest, drive: Callable[..., list[Any]]
):
    """They count as startup jobs, and the posterior learns from them."""
    space: Space = request.getfixturevalue(which)
    loss: Loss = request.getfixturevalue(f"{which}_loss")
    rng = np.random.default_rng(5)
    initial = [sample(space, rng) for _ in range(7)]
    calls = drive(
        build("tpe", space, 2, trials=24, budget=1, n_startup_jobs=10, initial=initial),
        lambda s: loss(s.configuration, 1),
    )
    asked = [call for call in calls if isinstance(call, Suggestion)]
    expected = fmin(
        space, 2, 24, lambda configuration: loss(configuration, 1), initial, n_startup_jobs=10
    )
    assert [s.configuration for s in asked] == expected
    origins = ["warm_start"] * 7 + ["random"] * 3 + ["model"] * 14
    assert [s.origin for s in asked] == origins


def test_failures_are_as_the_worst_loss_to_fmin(
    flat: Space, flat_loss: Loss, drive: Callable[..., list[Any]]
):
    def fails(configuration: dict[str, Any]) -> bool:
        return bool(configuration["learning_rate"] > 0.5)

    calls = drive(
        build("tpe", flat, 2, trials=30, budget=1, n_startup_jobs=5),
        lambda s: None if fails(s.configuration) else flat_loss(s.configuration, 1),
    )
    worst = iter(range(100, 200))
    expected = fmin(
        flat,
        2,
        30,
        lambda c: float(next(worst)) if fails(c) else flat_loss(c, 1),
        n_startup_jobs=5,
    )
    assert [c.configuration for c in calls if isinstance(c, Suggestion)] == expected


def test_it_turns_away_from_failures(flat: Space, drive: Callable[..., list[Any]]):
    """Three in five uniform draws fail; the model must find that out."""

    def failed(suggestion: Suggestion) -> bool:
        return bool(suggestion.configuration["momentum"] > 0.7)

    modelled = []
    for seed in range(4):
        calls = drive(
            build("tpe", flat, seed, trials=60, budget=1), lambda s: None if failed(s) else 0.5
        )
        modelled += [c for c in calls if isinstance(c, Suggestion) and c.origin == "model"]
    assert np.mean([failed(s) for s in modelled]) < 0.5


def test_startup_counts_results_not_suggestions(flat: Space):
    algorithm = build("tpe", flat, 0, trials=20, budget=1, n_startup_jobs=3)
    waiting = [algorithm.ask() for _ in range(6)]
    assert [s.origin for s in waiting if isinstance(s, Suggestion)] == ["random"] * 6
    for s in waiting[3:]:
        assert isinstance(s, Suggestion)
        algorithm.tell(s.number, 0.5)
    after = algorithm.ask()
    assert isinstance(after, Suggestion)
    assert after.origin == "model"


def test_the_order_of_telling_distinct_losses_is_of_no_matter(flat: Space, flat_loss: Loss):
    def next_after(order: list[int]) -> Any:
        algorithm = build("tpe", flat, 0, trials=20, budget=1, n_startup_jobs=3)
        asked = [algorithm.ask() for _ in range(6)]
        for i in order:
            s = asked[i]
            assert isinstance(s, Suggestion)
            algorithm.tell(s.number, flat_loss(s.configuration, 1))
        return algorithm.ask()

    assert next_after([0, 1, 2, 3, 4, 5]) == next_after([5, 2, 0, 4, 1, 3])


def test_distinct_losses_keep_the_order_and_have_no_ties():
    losses = DistinctLosses()
    told = [0.5, None, 0.25, 0.5, None, 0.5, 0.75]
    distinct = [losses.distinct(loss) for loss in told]
    assert len(set(distinct)) == len(told)
    assert np.argsort(distinct).tolist() == [2, 0, 3, 5, 6, 1, 4]
    assert distinct[:3] == [0.5, FAILED, 0.25]
    assert distinct == pytest.approx([0.5, FAILED, 0.25, 0.5, FAILED, 0.5, 0.75], rel=1e-12)
