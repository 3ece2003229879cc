"""The same search, call by call, as HpBandSter 0.7's own classes make with the same seeds.

HpBandSter's `Master` needs servers and threads; `reference` is its loop with these left out
(core/master.py, `run` and `job_callback`), on its own iterations and its own model.
"""

from __future__ import annotations

import functools
import math
import random
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hpbandster.core.dispatcher import Job
from hpbandster.optimizers import bohb as hpbandster_bohb

from automl.algorithms import Suggestion, build
from automl.algorithms.randomness import derived_seeds
from searchspaces import Space, from_configspace, sample, to_hpbandster, to_values

Objective = Callable[[dict[str, Any], float], float | None]
Pick = Callable[[list[int]], int]


@dataclass(frozen=True)
class Evaluation:
    """One evaluation in the order of asks; `contender` counts a bracket's draws from 0."""

    bracket: int
    rung: int
    contender: int
    promoted: bool
    budget: float
    configuration: Any
    loss: float | None


DEFAULTS = {
    "min_points_in_model": None,
    "top_n_percent": 15,
    "num_samples": 64,
    "random_fraction": 1 / 3,
    "bandwidth_factor": 3,
    "min_bandwidth": 1e-3,
}


@pytest.fixture(autouse=True)
def _restored_global_generator() -> Iterator[None]:
    state = np.random.get_state()  # noqa: NPY002 - HpBandSter draws from it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    np.random.set_state(state)  # noqa: NPY002


@contextmanager
def stable_sort() -> Iterator[None]:
    """Sort ties as they come, where HpBandSter leaves them to the processor (all failures tie)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np, "argsort", functools.partial(np.argsort, kind="stable"))
        yield


class UniformGenerator:
    """HpBandSter's `RandomSampling`, with the draws of `searchspaces.sample`."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._rng = np.random.default_rng(derived_seeds(seed, 1)[0])

    def get_config(self, budget: float) -> tuple[dict[str, Any], dict[str, Any]]:
        return sample(self._space, self._rng), {}

    def new_result(self, job: Job) -> None:
        pass


class GivenFirst:
    """A generator of HpBandSter's whose first draws are given."""

    def __init__(self, generator: Any, encoded: list[dict[str, Any]]) -> None:
        self._generator = generator
        self._encoded = list(encoded)

    def get_config(self, budget: float) -> tuple[dict[str, Any], dict[str, Any]]:
        if self._encoded:
            return self._encoded.pop(0), {}
        return self._generator.get_config(budget)

    def new_result(self, job: Job) -> None:
        self._generator.new_result(job)


def model_generator(space: Space, seed: int, **settings: Any) -> Any:
    space_seed, model_seed = derived_seeds(seed, 2)
    np.random.seed(model_seed)  # noqa: NPY002
    return hpbandster_bohb.CG_BOHB(
        configspace=to_hpbandster(space, space_seed), **{**DEFAULTS, **settings}
    )


def reference(
    generator: Any,
    bands: tuple[float, float, float, int],
    objective: Callable[[dict[str, Any], float], float | None],
    workers: int,
    pick: Pick,
) -> list[Evaluation]:
    low, high, eta, n_iterations = bands
    optimizer = hpbandster_bohb.BOHB.__new__(hpbandster_bohb.BOHB)
    optimizer.eta = eta
    optimizer.max_SH_iter = -int(np.log(low / high) / np.log(eta)) + 1
    optimizer.budgets = high * np.power(
        eta, -np.linspace(optimizer.max_SH_iter - 1, 0, optimizer.max_SH_iter)
    )
    optimizer.config_generator = generator
    optimizer.iterations = []
    running: dict[int, Job] = {}
    asked: list[Job] = []
    rungs: list[int] = []
    losses: dict[int, float | None] = {}

    def finish(number: int) -> None:
        job = running.pop(number)
        loss = objective(job.kwargs["config"], job.kwargs["budget"])
        losses[number] = loss
        job.result = None if loss is None else {"loss": loss, "info": {}}
        optimizer.iterations[job.id[0]].register_result(job)
        generator.new_result(job)

    while True:
        if len(running) >= workers:
            finish(pick(list(running)))
            continue
        next_run = None
        for i in optimizer.active_iterations():
            next_run = optimizer.iterations[i].get_next_run()
            if next_run is not None:
                break
        if next_run is not None:
            config_id, config, budget = next_run
            job = Job(config_id, config=config, budget=budget)
            running[len(asked)] = job
            asked.append(job)
            rungs.append(optimizer.iterations[i].stage)
        elif n_iterations > 0:
            optimizer.iterations.append(optimizer.get_next_iteration(len(optimizer.iterations)))
            n_iterations -= 1
        elif running:
            finish(pick(list(running)))
        else:
            assert not optimizer.active_iterations()
            return [
                Evaluation(
                    bracket=job.id[0],
                    rung=rungs[number],
                    contender=list(optimizer.iterations[job.id[0]].data).index(job.id),
                    promoted=rungs[number] > job.id[1],
                    budget=job.kwargs["budget"],
                    configuration=job.kwargs["config"],
                    loss=losses[number],
                )
                for number, job in enumerate(asked)
            ]


def ours(
    name: str,
    space: Space,
    seed: int,
    bands: tuple[float, float, float, int],
    objective: Objective,
    drive: Any,
    workers: int = 1,
    pick: Pick = lambda outstanding: outstanding[0],
    *,
    integer_budgets: bool = False,
    **settings: Any,
) -> tuple[list[Evaluation], list[Suggestion]]:
    low, high, eta, iterations = bands
    algorithm = build(
        name,
        space,
        seed,
        min_budget=low,
        max_budget=high,
        eta=eta,
        iterations=iterations,
        integer_budgets=integer_budgets,
        **settings,
    )
    calls = drive(algorithm, lambda s: objective(s.configuration, s.budget), workers, pick)
    losses = dict(call for call in calls if not isinstance(call, Suggestion))
    asked = [call for call in calls if isinstance(call, Suggestion)]
    drawn: dict[int, list[str]] = {}
    evaluations = []
    for s in asked:
        assert s.bracket is not None
        assert s.rung is not None
        contenders = drawn.setdefault(s.bracket, [])
        if s.configuration_id not in contenders:
            contenders.append(s.configuration_id)
        evaluations.append(
            Evaluation(
                bracket=s.bracket,
                rung=s.rung,
                contender=contenders.index(s.configuration_id),
                promoted=s.origin == "promoted",
                budget=s.budget,
                configuration=s.configuration,
                loss=losses[s.number],
            )
        )
    return evaluations, asked


def failing(objective: Objective, share: float) -> Objective:
    """The objective with failures, decided by the configuration and the budget."""

    def loss(configuration: dict[str, Any], budget: float) -> float | None:
        value = objective(configuration, budget)
        assert value is not None
        return None if value * 1e6 % 1 < share else value

    return loss


def compare_models(
    space: Space,
    bands: tuple[float, float, float, int],
    objective: Objective,
    drive: Any,
    workers: int = 1,
    *,
    ties: bool = False,
    seed: int = 3,
    initial: tuple[dict[str, Any], ...] = (),
    **settings: Any,
) -> list[Suggestion]:
    evaluations, asked = ours(
        "bohb",
        space,
        seed,
        bands,
        objective,
        drive,
        workers,
        random.Random(workers).choice,
        initial=initial,
        **settings,
    )
    encoded = [to_values(space, configuration, "hpbandster") for configuration in initial]
    with stable_sort() if ties else nullcontext():
        expected = reference(
            GivenFirst(model_generator(space, seed, **settings), encoded),
            bands,
            lambda encoded, budget: objective(from_configspace(space, encoded), budget),
            workers,
            random.Random(workers).choice,
        )
    assert evaluations == [
        replace(e, configuration=from_configspace(space, e.configuration)) for e in expected
    ]
    return asked


def test_the_papers_search_is_hpbandsters(flat: Space, flat_loss: Objective, drive: Any):
    asked = compare_models(flat, (1, 50, 3, 16), flat_loss, drive, num_samples=6)
    assert len(asked) == 260
    assert sum(s.origin != "promoted" for s in asked) == 184
    assert sum(int(s.budget) for s in asked) == 2836
    assert sum(s.origin == "model" for s in asked) > 90


def test_with_hpbandsters_own_settings(flat: Space, flat_loss: Objective, drive: Any):
    asked = compare_models(flat, (1, 9, 3, 5), flat_loss, drive)
    assert any(s.origin == "model" for s in asked)


@pytest.mark.parametrize("workers", [2, 4])
def test_with_several_workers(workers: int, flat: Space, flat_loss: Objective, drive: Any):
    asked = compare_models(flat, (1, 27, 3, 6), flat_loss, drive, workers, num_samples=4)
    assert any(s.origin == "model" for s in asked)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("share", [0.2, 0.8])
def test_with_failures(share: float, workers: int, flat: Space, flat_loss: Objective, drive: Any):
    objective = failing(flat_loss, share)
    asked = compare_models(flat, (1, 27, 3, 6), objective, drive, workers, ties=True, num_samples=4)
    late = [s for s in asked if s.rung and s.origin != "promoted"]
    assert bool(late) == (share > 0.5), "missing survivors are replaced by new configurations"


def test_with_equal_losses(flat: Space, flat_loss: Objective, drive: Any):
    def coarse(configuration: dict[str, Any], budget: float) -> float:
        return round(flat_loss(configuration, budget) or 0, 1)

    asked = compare_models(flat, (1, 27, 3, 6), coarse, drive, ties=True, num_samples=4)
    assert any(s.origin == "model" for s in asked)


def test_with_conditions(conditional: Space, conditional_loss: Objective, drive: Any):
    asked = compare_models(conditional, (1, 27, 3, 6), conditional_loss, drive, num_samples=4)
    assert any(s.origin == "model" for s in asked)


@pytest.mark.parametrize("workers", [1, 3])
def test_with_initial_configurations(
    workers: int, flat: Space, conditional: Space, flat_loss: Objective, drive: Any, request: Any
):
    """The model learns from them as if it had drawn them itself."""
    rng = np.random.default_rng(4)
    for space, loss in ((flat, "flat_loss"), (conditional, "conditional_loss")):
        asked = compare_models(
            space,
            (1, 27, 3, 5),
            request.getfixturevalue(loss),
            drive,
            workers,
            initial=tuple(sample(space, rng) for _ in range(12)),
            num_samples=4,
        )
        assert sum(s.origin == "warm_start" for s in asked) == 12
        assert any(s.origin == "model" for s in asked)


@pytest.mark.parametrize("workers", [1, 2, 4, 16])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_the_papers_schedule_is_hpbandsters_trial_by_trial(
    share: float, workers: int, flat: Space, flat_loss: Objective, drive: Any
):
    """Brackets, rungs, promotions and replacements, at the budgets in whole epochs."""
    bands = (1, 50, 3, 16)

    def objective(configuration: dict[str, Any], budget: float) -> float | None:
        return failing(flat_loss, share)(configuration, math.floor(budget))

    expected = reference(
        UniformGenerator(flat, 9), bands, objective, workers, random.Random(workers).choice
    )
    evaluations, _ = ours(
        *("hyperband", flat, 9, bands, objective, drive, workers, random.Random(workers).choice),
        integer_budgets=True,
    )
    assert evaluations == [replace(e, budget=math.floor(e.budget)) for e in expected]
    assert len(evaluations) == 260
    band = ((27, 9, 3, 1), (9, 3, 1), (6, 2), (4,))
    assert Counter((e.bracket, e.rung) for e in evaluations) == {
        (bracket, rung): count
        for bracket in range(16)
        for rung, count in enumerate(band[bracket % 4])
    }
    promoted = sum(e.promoted for e in evaluations)
    if share == 0:
        assert promoted == 260 - 184
    assert any(e.loss is None for e in evaluations) == (share > 0)
    assert (0 < promoted < 76) == (share > 0.5), "missing survivors are replaced by new draws"
