"""Importances, the best of each kind, and the reasons of failures."""

from __future__ import annotations

import numpy as np
import pytest

from automl.importance import importance
from automl.report.importance import importances
from automl.report.kinds import kinds
from automl.report.search import search


def trials(count, seed=0):
    rng = np.random.default_rng(seed)
    xs, ys = rng.uniform(size=count), rng.uniform(size=count)
    return [
        {"configuration": {"x_axis": float(x), "y": float(y)}, "budget": 1,
         "validation_accuracy": float(x)}
        for x, y in zip(xs, ys, strict=True)
    ]  # fmt: skip


def test_importances_are_those_of_the_trials():
    listed = trials(60)
    found = importances({"finished_trials": listed})
    direct = importance(
        [one["configuration"] for one in listed],
        [one["budget"] for one in listed],
        [one["validation_accuracy"] for one in listed],
    )
    assert found.trust == f"60 finished trials; out-of-bag R² {direct.r2:.2f}."
    assert [name for name, _ in found.rows] == ["x axis", "y"]
    assert found.rows[0][1] == f"{direct.shares['x_axis']:.2f}"


@pytest.mark.parametrize("count", [0, 19])
def test_too_few_trials_say_so(count):
    found = importances({"finished_trials": trials(count)})
    assert found.rows == ()
    assert f"not enough trials: {count} of 20" in found.trust


def test_of_many_trials_some_are_used_and_it_says_so(monkeypatch):
    monkeypatch.setattr("automl.report.importance._USED", 30)
    found = importances({"finished_trials": trials(100)})
    assert found.trust.startswith("30 finished trials, evenly spaced ones of 100; out-of-bag")


def classical(extractor, classifier, accuracy, budget=1, **more):
    return {
        "configuration": {"extractor": extractor, "classifier": classifier, **more},
        "budget": budget,
        "validation_accuracy": accuracy,
        "status": "crashed" if accuracy is None else "finished",
    }


def test_each_extractor_and_classifier_has_its_best():
    listed = [
        classical("glcm", "rf", 0.8, rf_trees=10),
        classical("glcm", "rf", 0.9, rf_trees=100),
        classical("glcm", "rf", None, rf_trees=1000),
        classical("lbp", "svm", 0.95),
        classical("sift", "rf", None),
    ]
    found = kinds({"configurations": listed})
    assert found.name == "extractor and classifier"
    assert [(row.kind, row.accuracy, row.tried, row.failed) for row in found.rows] == [
        ("lbp + svm", "95.0 %", "1", "0"),
        ("glcm + rf", "90.0 %", "3", "1"),
        ("sift + rf", "–", "1", "1"),
    ]
    assert found.rows[1].text == "rf_trees=100"


def test_a_larger_budget_goes_before_a_higher_accuracy():
    listed = [
        {"configuration": {"topology": t, "x": x}, "budget": b, "validation_accuracy": a}
        for t, x, b, a in ((1, 1, 1, 0.9), (1, 2, 3, 0.5), (2, 3, 3, 0.6))
    ]
    found = kinds({"configurations": listed})
    assert [(row.kind, row.text, row.budget) for row in found.rows] == [
        ("2", "x=3", "3"),
        ("1", "x=2", "3"),
    ]


def test_without_kinds_there_is_no_table():
    one = {"configuration": {"x": 1}, "budget": 1, "validation_accuracy": 0.5}
    assert kinds({"configurations": [one]}).rows == ()
    assert kinds({"configurations": [classical("glcm", "rf", 0.8)]}).rows == ()


def test_failures_tell_their_usual_reason():
    given = ["few", "often", "often", "x" * 500]
    listed = [{**classical("glcm", "rf", None), "reason": reason} for reason in given]
    results = {
        "configurations": listed,
        "trials": {"failed": {"crashed": 4, "timed_out": 1, "diverged": 0}},
    }
    rows = search(results).failures
    assert [(row.status, row.trials, row.reason) for row in rows] == [
        ("crashed", "4", "often"),
        ("timed out", "1", ""),
    ]
    (row,) = search({**results, "configurations": listed[3:]}).failures[:1]
    assert len(row.reason) < 200
