"""A search on a clock that nobody waits for: its own order and brackets, with given prices."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.algorithms import Algorithm, Signal, Suggestion, build
from automl.conductor import Conductor
from automl.planning import Checked
from automl.probing.probe import Price
from searchspaces import Space, parse_space

_BRACKETS = ("min_budget", "max_budget", "eta", "iterations")
_SPACE: Mapping[str, Any] = {
    "name": "one number",
    "source": "none",
    "parameters": {"x": {"type": "float", "lower": 0.0, "upper": 1.0, "default": 0.5}},
}


@dataclass(frozen=True)
class Simulated:
    """What a simulated search and its confirmation took.

    Attributes:
        search: Seconds until its last trial ended.
        confirmation: Seconds of the confirmation.
        evaluated: Seconds an image of the chosen model.
        kept: Most checkpoints at the same time.
    """

    search: float
    confirmation: float
    evaluated: float
    kept: int


def simulate(
    checked: Checked,
    price_of: Callable[[int], Price],
    seed: int,
    *,
    setup: float,
    trial: float,
    merit: Callable[[Price], float] = lambda _: 0.0,
) -> Simulated:
    """Run a search whose losses are drawn at random.

    Whoever chooses configurations, prices and losses are given here: a model's choice would
    change which prices come, not who waits for whom.

    Args:
        checked: The search.
        price_of: By the number of the configuration, in the order in which they are drawn.
        seed: Of the losses.
        setup: Seconds until a worker can begin its first trial.
        trial: Seconds that each trial costs beyond its own work.
        merit: What a price takes off the loss, whose own spread is 1.
    """
    settings, resumable = checked.settings, bool(checked.trainable.resumable)
    conductor = Conductor(_layout(checked), settings.window, settings.order, continues=resumable)
    rng = np.random.default_rng(seed)
    numbers: dict[str, int] = {}
    losses: dict[str, float] = {}
    limit = settings.failures.trial_seconds or math.inf
    free = [setup] * settings.workers
    running: list[tuple[float, int, str]] = []
    now, kept = 0.0, 0
    while True:
        while free:
            answer = conductor.next()
            if not isinstance(answer, Suggestion):
                break
            name = answer.configuration_id
            price = price_of(numbers.setdefault(name, len(numbers)))
            losses.setdefault(name, float(rng.normal()) - merit(price))
            units = float(answer.budget)
            if resumable and answer.previous_budget is not None:
                units -= float(answer.previous_budget)
            seconds = min(price.fixed + units * price.unit, limit)
            begin = max(now, heapq.heappop(free))
            heapq.heappush(running, (begin + seconds + trial, answer.number, name))
        kept = max(kept, len(conductor.alive()))
        if not running:
            assert answer is Signal.DONE, "a search does not wait while nothing runs"
            break
        now, number, name = heapq.heappop(running)
        heapq.heappush(free, now)
        conductor.result(number, losses[name])
    last, best = settings.confirmation, sorted(losses, key=lambda one: losses[one])
    chosen = [price_of(numbers[name]) for name in best[: last.configurations]]
    ends = [0.0] * settings.workers
    for price in chosen:
        for _ in range(last.seeds):
            seconds = min(price.fixed + last.budget * price.unit, limit) + trial
            heapq.heapreplace(ends, ends[0] + seconds)
    return Simulated(
        search=now,
        confirmation=max(ends),
        evaluated=chosen[0].image if chosen else 0.0,
        kept=(kept if resumable else 0) + last.configurations * last.seeds,
    )


def _layout(checked: Checked) -> Algorithm:
    """Return an algorithm with the search's trials and rungs that draws from nowhere."""
    given: Mapping[str, Any] = checked.settings.algorithm
    if all(key in given for key in _BRACKETS):
        return build("hyperband", _space(), 0, **{key: given[key] for key in _BRACKETS})
    plan = checked.algorithm().plan()
    budget = plan.brackets[0].rungs[0][1]
    return build("random", _space(), 0, trials=plan.trials, budget=budget)


def _space() -> Space:
    return parse_space(_SPACE, where="space")
