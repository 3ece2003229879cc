"""Surfaces, searches and statistics behind `benchmarks.search_quality`."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
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
from benchmarks import search_quality
from benchmarks.quality import hpbandster_search, ours, ray_search
from benchmarks.quality.campaign import Campaign, run_campaign
from benchmarks.quality.comparison import mean_of, paired
from benchmarks.quality.conditional import Conditional
from benchmarks.quality.counting_ones import HALF, CountingOnes
from benchmarks.quality.learning_curves import NOISE, LearningCurves
from benchmarks.quality.meter import Evaluation, Meter, Trace
from benchmarks.quality.methods import COMPARISONS, METHODS
from benchmarks.quality.outcome import Outcome, run
from benchmarks.quality.report import tables
from benchmarks.quality.selection import (
    area,
    best_configurations,
    incumbents,
    regret_curve,
)
from benchmarks.quality.summary import document
from benchmarks.quality.surface import Surface
from benchmarks.quality.surfaces import SURFACES
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


def evaluations(*seen: tuple[int, int, float | None]) -> Trace:
    """A trace of (spent, budget, loss)."""
    return Trace(
        tuple(
            Evaluation(spent, {"n": n}, budget, loss)
            for n, (spent, budget, loss) in enumerate(seen)
        ),
        total=20,
    )


def test_incumbents_by_both_rules():
    trace = evaluations(
        (1, 1, 0.5), (2, 1, 0.4), (3, 1, None), (6, 3, 0.6), (7, 1, 0.1), (10, 3, 0.6)
    )
    assert [e.spent for e in incumbents(trace)] == [1, 2, 6]
    assert [e.spent for e in incumbents(trace, any_budget=True)] == [1, 2, 7]
    assert [c["n"] for c in best_configurations(trace, 4)] == [3, 5, 4, 1]


def test_the_area_is_the_mean_of_the_curve():
    curve = [(0, 1.0), (4, 0.5), (10, 0.1)]
    stepwise = [1.0] * 4 + [0.5] * 6 + [0.1] * 10
    assert area(curve, 20) == pytest.approx(np.mean(stepwise))


def test_the_curve_begins_at_the_default_configuration():
    surface = CountingOnes.draw(0)
    best = {f"category_{i}": int(surface.ones[i]) for i in range(HALF)}
    best |= {f"number_{i}": float(surface.ones[HALF + i]) for i in range(HALF)}
    curve = regret_curve(Trace((Evaluation(7, best, 1, 0.0),), total=10), surface)
    default = surface.space.default_configuration()
    assert curve == [(0, surface.truth(default)), (7, 0.0)]


def test_paired_statistics_are_scipys():
    rng = np.random.default_rng(0)
    theirs = rng.normal(1.0, 0.3, 25)
    mine = theirs + rng.normal(-0.05, 0.1, 25)
    result = paired(mine.tolist(), theirs.tolist())
    expected = stats.ttest_rel(mine, theirs).confidence_interval(0.95)
    assert (result.mean.low, result.mean.high) == pytest.approx((expected.low, expected.high))
    assert result.mean.mean == pytest.approx(np.mean(mine) - np.mean(theirs))
    assert result.p == pytest.approx(stats.wilcoxon(mine, theirs).pvalue)


@pytest.mark.parametrize(
    ("shift", "verdict"), [(-1.0, "better"), (0.0, "not worse"), (1.0, "worse")]
)
def test_verdicts(shift: float, verdict: str):
    noise = np.random.default_rng(0).normal(0.0, 0.1, 20)
    theirs = np.zeros(20)
    assert paired((noise - noise.mean() + shift).tolist(), theirs.tolist()).verdict == verdict


def test_statistics_of_too_little():
    assert paired([0.1, 0.2], [0.1, 0.2]).p == 1
    with pytest.raises(ValueError, match="1 seeds have no interval"):
        mean_of([0.5])
    with pytest.raises(ValueError, match="cannot be paired"):
        paired([0.5, 0.1], [0.5])


def test_outcomes_are_those_of_one_process_in_order():
    methods = ("random", "tpe")
    outcomes = run_campaign(Campaign(2, ("classical",), methods, short=True, processes=2))
    alone = [o for name in methods for seed in (0, 1) for o in run("classical", name, seed, 75)]
    assert [timeless(o) for o in outcomes] == [timeless(o) for o in alone]
    assert [(o.method, o.seed) for o in outcomes] == [(m, s) for m in methods for s in (0, 1)]


def timeless(outcome: Outcome) -> Outcome:
    return replace(outcome, seconds=0.0)


def test_a_surface_of_one_fidelity_has_no_brackets():
    methods = {method for _, method, _, _ in Campaign(2, ("classical",)).jobs()}
    assert methods == {
        "random",
        "tpe",
        "tpe, warm",
        "hyperopt fmin",
        "Optuna TPE",
        "bohb",
        "bohb, warm",
        "HpBandSter BOHB",
    }


def test_the_papers_budget():
    assert SURFACES["deepfreak"].total == 2836
    assert SURFACES["classical"].total == 150


def test_compared_methods_exist():
    reported = {*METHODS, *(m.any_budget_name for m in METHODS.values())}
    assert {name for pair in COMPARISONS for name in pair} <= reported


def test_tables_and_document():
    template = Outcome("classical", "tpe", 0, 150, 150, 0.2, 0.3, 150, 15, 0.5, 0, 1.0)
    seen = [
        replace(template, method=method, seed=seed, regret=regret + seed)
        for method, regret in (("tpe", 0.25), ("hyperopt fmin", 0.75))
        for seed in (0, 1)
    ]
    text = tables(seen)
    assert "classical: 2 seeds, budget 150 a search" in text
    assert "tpe − hyperopt fmin" in text
    data = json.loads(json.dumps(document(seen)))
    assert [row["regret"]["mean"] for row in data["rows"]] == [0.75, 1.25]
    assert data["rows"][0]["failures"] == 0.1
    regret, _ = data["comparisons"]
    assert regret["difference"]["mean"]["mean"] == -0.5
    assert regret["difference"]["verdict"] == "better"


def test_the_command_reads_its_words(tmp_path: Any):
    words = ["seeds=3", "surfaces=classical,deepfreak", "processes=1", f"json={tmp_path}/x.json"]
    assert search_quality.arguments(words) == {
        "seeds": 3,
        "surfaces": ("classical", "deepfreak"),
        "processes": 1,
        "json_file": tmp_path / "x.json",
    }


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("seeds=1", "at least 2"),
        ("seeds=many", "whole number"),
        ("surfaces=deepfreek", "'deepfreek' is none of deepfreak"),
        ("processes=0", "at least 1"),
        ("json=/nowhere/at/all.json", "folder that exists"),
        ("colour=blue", "one of seeds"),
        ("fast", "expected KEY=VALUE"),
        ("short=yes", "true or false"),
    ],
)
def test_the_command_refuses_in_one_line(word: str, message: str):
    with pytest.raises(ValueError, match=message) as refusal:
        search_quality.arguments([word])
    assert "\n" not in str(refusal.value)
