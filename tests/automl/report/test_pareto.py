"""Accuracy and latency on the page and at the end of the terminal's lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.report.answer import answer
from automl.report.figures import draw
from automl.report.pareto import front_lines, pareto


def point(name, accuracy, latency, within=True):
    return {
        "configuration_id": name, "budget": 1, "validation_accuracy": accuracy,
        "latency_ms": latency, "within": within, "configuration": {"trees": 10},
    }  # fmt: skip


def results(limit=5.0):
    points = [point("fast", 0.7, 1.0), point("good", 0.9, 4.0), point("slow", 0.95, 20.0, False)]
    section = {
        "latency_limit_ms": limit, "within": 2, "beyond": 1, "points": points, "front": points,
        "confirmed": [{"configuration_id": "good", "latency_ms": 4.2, "chosen": True}],
    }  # fmt: skip
    return {"budget_unit": "epochs", "objective": section}


def test_the_terminal_names_front_limit_and_chosen():
    head, *lines = front_lines(results())
    assert "3 on the front, of 3 configurations, 2 of them within the limit of 5 ms" in head
    assert "takes 4.20 ms" in head
    assert [line.split()[0] for line in lines] == ["70.0", "90.0", "95.0"]
    assert "250 images/s" in lines[1]
    assert [("beyond the limit" in line) for line in lines] == [False, False, True]
    assert "limit" not in front_lines(results(None))[0].partition(";")[0]


def test_the_figure_is_drawn_where_latency_was_measured():
    assert "pareto" in draw(results())
    axes = draw(results(None))["pareto"].figure.axes[0]
    axes.figure.canvas.draw()
    labels = {label.get_text() for label in axes.get_xticklabels(which="both")}
    assert {"1", "2", "5", "10", "20"} <= labels
    assert not any("10^" in label for label in labels)
    assert "pareto" not in draw({"objective": {}})


def test_the_first_screen_names_objective_limit_and_latency():
    found = results() | {"confirmation": [{"configuration_id": "good", "chosen": True}]}
    found["data"] = {"image_shape": [64, 64]}
    found["objective"] |= {"name": "accuracy_latency", "front": found["objective"]["points"][:2]}
    page = answer(found)
    assert "objective accuracy_latency, limit 5 ms" in page.setting
    assert dict(page.facts)["latency"].startswith("4.20 ms (median, one image of 64 × 64 in mem")
    assert pareto(found).words.startswith("2 on the front, of 3 configurations, 2 of them within")
    # Without a confirmation it is the incumbent's own.
    incumbent = results(None) | {"incumbent": {"configuration_id": "fast"}}
    assert dict(answer(incumbent).facts)["latency"].startswith("1.00 ms")


@pytest.mark.parametrize("found", [{}, {"objective": None}, {"objective": {"front": [{}]}}])
def test_without_latency_nothing_is_said(found):
    assert pareto(found).rows == ()
    assert front_lines(found) == []
    assert "objective" not in answer(found).setting
    assert "latency" not in dict(answer(found).facts)


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 1e5), min_size=13, max_size=30))
def test_a_long_front_is_cut_in_the_terminal_alone(latencies):
    found = results()
    found["objective"]["front"] = [point(str(n), 0.5, ms) for n, ms in enumerate(latencies)]
    assert len(pareto(found).rows) == len(latencies)
    assert len(front_lines(found)) == 14
    assert front_lines(found)[-1].strip() == f"and {len(latencies) - 12} more in the report"
