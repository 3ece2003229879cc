"""Regret, statistics, tables and command of `benchmarks.search_quality`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from automl.errors import UserError
from benchmarks import search_quality
from benchmarks.quality.campaign import Campaign, run_campaign
from benchmarks.quality.comparison import mean_of, paired
from benchmarks.quality.counting_ones import HALF, CountingOnes
from benchmarks.quality.meter import Evaluation, Trace
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
from benchmarks.quality.surfaces import SURFACES
from benchmarks.words import read


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


@pytest.mark.slow
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
    assert read(words, search_quality.command.readers) == {
        "seeds": 3,
        "surfaces": ("classical", "deepfreak"),
        "processes": 1,
        "json": tmp_path / "x.json",
    }


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("seeds=1", "at least 2"),
        ("surfaces=deepfreek", "unknown 'deepfreek'; did you mean 'deepfreak'"),
        ("json=/nowhere/at/all.json", "folder that exists"),
    ],
)
def test_the_command_refuses(word: str, message: str):
    with pytest.raises(UserError, match=message):
        read([word], search_quality.command.readers)
