"""Surfaces and searches behind `benchmarks.search_quality`."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

import hyperopt
import numpy as np
import optuna
import pytest
from hpbandster.optimizers.config_generators.bohb import BOHB
from hpbandster.optimizers.iterations import SuccessiveHalving
from ray.tune.schedulers import HyperBandForBOHB
from ray.tune.search.bohb import TuneBOHB
from scipy import stats

from automl.algorithms import plan_brackets
from benchmarks.quality import hpbandster_search, ours, ray_search
from benchmarks.quality.conditional import Conditional
from benchmarks.quality.counting_ones import HALF, CountingOnes
from benchmarks.quality.learning_curves import NOISE, LearningCurves
from benchmarks.quality.meter import Meter
from benchmarks.quality.methods import METHODS
from benchmarks.quality.surface import Surface
from searchspaces import sample

KINDS = (LearningCurves, CountingOnes, Conditional)
BRACKET = 177  # enough for the first bracket of the paper's layout: 27@1, 9@5, 3@16, 1@50


def configurations(surface: Surface, count: int, seed: int = 0) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [sample(surface.space, rng) for _ in range(count)]


def finite_losses(
    surface: Surface, budget: int, count: int
) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Configurations that do not diverge, and their losses."""
    seen = [(c, surface.loss(c, budget)) for c in configurations(surface, count)]
    kept = [(c, loss) for c, loss in seen if loss is not None]
    return [c for c, _ in kept], np.array([loss for _, loss in kept])


@pytest.mark.parametrize("kind", KINDS)
def test_a_surface_is_a_function_of_its_seed(kind: Any):
    first, again, other = kind.draw(3), kind.draw(3), kind.draw(4)
    points = configurations(first, 30)
    for budget in (first.min_budget, first.max_budget):
        losses = [first.loss(c, budget) for c in points]
        assert losses == [again.loss(dict(reversed(c.items())), budget) for c in points]
        assert losses != [other.loss(c, budget) for c in points]
    assert first.related().truth(points[0]) == again.related().truth(points[0])


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_configuration_does_not_diverge(kind: Any):
    for seed in range(20):
        surface = kind.draw(seed)
        assert surface.loss(surface.space.default_configuration(), surface.max_budget) is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_better_than_the_optimum(kind: Any, seed: int):
    for surface in (kind.draw(seed), kind.draw(seed).related()):
        truths = [surface.truth(c) for c in configurations(surface, 500)]
        assert min(truths) >= surface.optimum


@pytest.mark.parametrize("seed", range(3))
def test_counting_ones_reaches_its_optimum(seed: int):
    surface = CountingOnes.draw(seed)
    best = {f"category_{i}": int(surface.ones[i]) for i in range(HALF)}
    best |= {f"number_{i}": float(surface.ones[HALF + i]) for i in range(HALF)}
    assert surface.truth(best) == surface.loss(best, 1) == surface.optimum == 0


@pytest.mark.parametrize("seed", range(3))
def test_learning_curves_reach_their_optimum(seed: int):
    surface = LearningCurves.draw(seed)
    t = surface.traits
    reached = min(
        surface.truth(
            {
                "topology": topology,
                "learning_rate": 10 ** (t.rates[topology - 1] + 0.15 * math.log2(batch_size / 16)),
                "momentum": t.momentum,
                "weight_decay": 1e-5 + 4e-5 * t.decay,
                "batch_size": batch_size,
            }
        )
        for topology in range(1, 14)
        for batch_size in (4, 8, 16, 32, 64)
    )
    assert reached == pytest.approx(surface.optimum, abs=1e-12)


def descend(surface: Surface, start: dict[str, Any]) -> float:
    """The best truth with this extractor and classifier: each parameter alone, the valley's two."""
    best = dict(start)
    pairs = [("svm_c", "svm_gamma")] if "svm_c" in best else []
    own = [n for n in best if n not in ("extractor", "classifier", "svm_c", "svm_gamma")]
    for names in [*pairs, *((name,) for name in own)]:
        axes = [surface.space[name] for name in names]
        grid = np.stack(np.meshgrid(*(range(p.size) for p in axes)), -1).reshape(-1, len(axes))
        candidates = [
            best | {p.name: p.at(at) for p, at in zip(axes, place, strict=True)} for place in grid
        ]
        best = min(candidates, key=surface.truth)
    return surface.truth(best)


def test_the_conditional_surface_reaches_its_optimum():
    for surface in (Conditional.draw(0), Conditional.draw(1).related()):
        starts = {(c["extractor"], c["classifier"]): c for c in configurations(surface, 100)}
        assert len(starts) == 6
        reached = min(descend(surface, start) for start in starts.values())
        assert reached == pytest.approx(surface.optimum, abs=1e-12)


def test_more_samples_less_noise():
    surface = CountingOnes.draw(0)
    points = configurations(surface, 300)
    truths = np.array([surface.truth(c) for c in points])
    spread = {b: np.std([surface.loss(c, b) for c in points] - truths) for b in (1, 27)}
    assert spread[1] / spread[27] == pytest.approx(math.sqrt(27), rel=0.2)


@pytest.mark.parametrize("seed", range(3))
def test_learning_curves_are_hard_to_foresee_among_the_best(seed: int):
    surface = LearningCurves.draw(seed)
    points, early = finite_losses(surface, 1, 1500)
    truths = np.array([surface.truth(c) for c in points])
    best = truths < np.quantile(truths, 0.2)
    overall, among = (
        stats.spearmanr(early, truths)[0],
        stats.spearmanr(early[best], truths[best])[0],
    )
    assert overall > 0.5
    assert among < overall - 0.2
    assert 0.1 < 1 - len(points) / 1500 < 0.4


def test_a_learning_curve_ends_at_its_truth_and_diverges_at_every_budget():
    surface = LearningCurves.draw(0)
    points, last = finite_losses(surface, 50, 500)
    errors = last - [surface.truth(c) for c in points]
    assert abs(errors.mean()) < 4 * NOISE / math.sqrt(len(points))
    assert errors.std() == pytest.approx(NOISE, rel=0.2)
    for configuration in configurations(surface, 200):
        losses = [surface.loss(configuration, epoch) for epoch in (1, 5, 16, 50)]
        assert losses.count(None) in (0, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_related_surface_is_near(kind: Any):
    surface, other = kind.draw(0), kind.draw(1)
    points = configurations(surface, 300)
    near, here, far = ([s.truth(c) for c in points] for s in (surface.related(), surface, other))
    assert 1 > stats.spearmanr(near, here)[0] > stats.spearmanr(far, here)[0]


def test_the_meter_charges_and_refuses():
    surface = LearningCurves.draw(0)
    (finite, *_), _ = finite_losses(surface, 1, 20)
    broken = next(c for c in configurations(surface, 50) if surface.loss(c, 1) is None)
    meter = Meter(surface, 60)
    assert meter.evaluate(finite, 5) == surface.loss(finite, 5)
    assert meter.evaluate(broken, 50) is None
    meter.evaluate(finite, 50, start=5)
    assert [e.spent for e in meter.trace().evaluations] == [5, 6, 51]
    assert meter.affords(9)
    assert not meter.affords(10)
    with pytest.raises(ValueError, match="51 of 60 are spent: 10 more"):
        meter.evaluate(finite, 10)


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_a_search_spends_what_it_may_and_repeats(name: str):
    surface = LearningCurves.draw(1)
    before = np.random.get_state()[1].tolist()  # noqa: NPY002 - must be left alone
    trace = METHODS[name].search(surface, 1, BRACKET)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    spent = [e.spent for e in trace.evaluations]
    assert spent == sorted(spent)
    assert BRACKET - surface.max_budget <= trace.spent <= BRACKET
    for evaluation in trace.evaluations:
        surface.space.validate(evaluation.configuration)
        assert evaluation.loss == surface.loss(evaluation.configuration, evaluation.budget)
    assert METHODS[name].search(surface, 1, BRACKET) == trace
    assert METHODS[name].search(surface, 2, 60).evaluations[0] != trace.evaluations[0]


@pytest.mark.parametrize("name", ["hyperband", "HpBandSter Hyperband"])
def test_brackets_are_those_of_the_plan(name: str):
    surface = CountingOnes.draw(0)
    plan = plan_brackets(1, 27, 3, 4)
    trace = METHODS[name].search(surface, 0, plan.budget)
    planned = Counter(dict.fromkeys((1, 3, 9, 27), 0))
    for bracket in plan.brackets:
        planned.update({budget: count for count, budget in bracket.rungs})
    assert Counter(e.budget for e in trace.evaluations) == planned
    assert trace.spent == plan.budget


def test_continued_promotions_cost_the_rest():
    surface = CountingOnes.draw(0)
    fresh = ours.search(surface, 0, 108, "hyperband")
    continued = ours.search(surface, 0, 108, "hyperband", continued=True)
    assert continued.saved == 9 * 1 + 3 * 3 + 1 * 9
    assert continued.evaluations[39].spent == fresh.evaluations[39].spent - continued.saved == 81
    assert len(continued.evaluations) > len(fresh.evaluations)


def test_rays_paused_trials_go_on():
    surface = CountingOnes.draw(0)
    trace = ray_search.bohb(surface, 0, 240)
    rungs = Counter(e.budget for e in trace.evaluations)
    assert set(rungs) <= {1, 3, 9, 27}
    assert rungs[1] == 27, "the first bracket"
    reached: dict[str, int] = {}
    for evaluation in trace.evaluations:
        key = json.dumps(evaluation.configuration)
        assert evaluation.budget > reached.get(key, 0)
        reached[key] = evaluation.budget
    # Trials that were stopped by the end of the budget are in no evaluation.
    assert 0 <= trace.spent - sum(reached.values()) < ray_search.SLOTS * 27


@pytest.mark.parametrize(
    ("name", "owner", "methods"),
    [
        ("hyperopt fmin", hyperopt.tpe, ["suggest"]),
        ("Optuna TPE", optuna.samplers.TPESampler, ["sample_relative", "after_trial"]),
        ("HpBandSter BOHB", BOHB, ["get_config", "new_result"]),
        ("HpBandSter BOHB", SuccessiveHalving, ["get_next_run", "register_result"]),
        ("Ray BOHB", TuneBOHB, ["suggest", "on_trial_result", "on_pause", "on_unpause"]),
        ("Ray BOHB", HyperBandForBOHB, ["on_trial_add", "on_trial_result", "on_trial_error"]),
    ],
)
def test_the_librarys_own_code_runs(
    name: str, owner: Any, methods: list[str], monkeypatch: pytest.MonkeyPatch
):
    calls: Counter[str] = Counter()

    def counted(method: str) -> Any:
        original = getattr(owner, method)

        def call(*arguments: Any, **options: Any) -> Any:
            calls[method] += 1
            return original(*arguments, **options)

        return call

    for method in methods:
        monkeypatch.setattr(owner, method, counted(method))
    trace = METHODS[name].search(LearningCurves.draw(0), 0, BRACKET)
    assert set(calls) == set(methods)
    assert sum(calls.values()) >= len({json.dumps(e.configuration) for e in trace.evaluations})


def test_hpbandsters_model_draws():
    trace = hpbandster_search.search(CountingOnes.draw(0), 0, 240, "bohb")
    assert 0 < trace.model_share < 1


def test_a_warm_search_begins_with_the_best_of_the_earlier_one():
    surface = Conditional.draw(0)
    warm = ours.warm_search(surface, 0, 60, "tpe")
    given = [e.configuration for e in warm.evaluations[: ours.WARM_CONFIGURATIONS]]
    assert len({json.dumps(c) for c in given}) == ours.WARM_CONFIGURATIONS
    earlier = [surface.related().loss(c, 1) for c in given]
    assert earlier == sorted(earlier), "the best first"
    drawn = [surface.truth(c) for c in configurations(surface, 200)]
    assert np.mean([surface.truth(c) for c in given]) < np.mean(drawn)
    assert len(warm.evaluations) == 60, "the earlier search is not charged"
