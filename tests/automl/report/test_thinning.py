"""Figures of a search with more configurations than anybody could tell apart."""

from __future__ import annotations

import numpy as np
import pytest

from automl.report import build_report
from automl.report.thinning import sentence, thinned


def configurations(count):
    accuracies = np.random.default_rng(0).uniform(size=count)
    return [
        {
            "configuration": {"x": float(accuracy), "y": place},
            "origin": "random",
            "budget": 1 + place % 2,
            "validation_accuracy": None if place % 10 == 9 else float(accuracy),
            "curve": [],
        }
        for place, accuracy in enumerate(accuracies)
    ]


@pytest.mark.parametrize("count", [0, 1, 40])
def test_few_are_all_drawn(count):
    every = configurations(count)
    assert [one["index"] for one in thinned(every, 40)] == list(range(count))
    assert sentence(count, count) == ""


@pytest.mark.parametrize("count", [41, 79, 1000])
def test_of_many_the_best_are_drawn_and_evenly_of_the_others(count):
    every = configurations(count)
    shown = thinned(every, 40)
    places = [one["index"] for one in shown]
    assert len(shown) == 40
    assert places == sorted(set(places))
    assert all(every[one["index"]]["configuration"] == one["configuration"] for one in shown)
    finished = [place for place in range(count) if every[place]["validation_accuracy"] is not None]
    rank = sorted(
        finished,
        key=lambda place: (every[place]["budget"], every[place]["validation_accuracy"]),
        reverse=True,
    )
    assert set(rank[:10]) <= set(places)
    assert max(np.diff([-1, *places, count])) <= 2 * count / 30 + 10
    assert sentence(40, count).startswith("40 of ")
    assert "the best 10" in sentence(40, count)


def test_the_page_of_ten_thousand_configurations_stays_small_and_says_so(tmp_path):
    many = configurations(10_000)
    results = {
        "name": "many",
        "budget_unit": "epochs",
        "configurations": many,
        "brackets": [{"index": 0, "rungs": [{"budget": 1}, {"budget": 2}]}],
    }
    page = tmp_path / "report.html"
    build_report(results, page, tmp_path / "figures")
    text = page.read_text()
    assert len(text) < 2_000_000
    assert text.count("1,000 of 10,000 configurations are drawn: the best 250") == 2
    assert text.count("200 of 10,000 configurations are drawn: the best 50") == 1
    build_report({**results, "configurations": many[:1000]}, page, tmp_path / "figures")
    text = page.read_text()
    assert text.count("are drawn") == text.count("200 of 1,000 configurations are drawn") == 1
