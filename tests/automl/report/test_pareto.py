"""Accuracy and latency on the page and at the end of the terminal's lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    assert "3 configurations (2 within the limit of 5 ms)" in head
    assert "takes 4.20 ms" in head
    assert [line.split()[0] for line in lines] == ["70.0", "90.0", "95.0"]
    assert "250 images/s" in lines[1]
    assert [("beyond the limit" in line) for line in lines] == [False, False, True]
    assert "limit" not in front_lines(results(None))[0].partition(";")[0]


def test_the_figure_is_drawn_where_latency_was_measured():
    assert "pareto" in draw(results())
    assert "pareto" in draw(results(None))
    assert "pareto" not in draw({"objective": {}})


@pytest.mark.parametrize("found", [{}, {"objective": None}, {"objective": {"front": [{}]}}])
def test_without_latency_nothing_is_said(found):
    assert pareto(found).rows == ()
    assert front_lines(found) == []


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 1e5), min_size=13, max_size=30))
def test_a_long_front_is_cut_in_the_terminal_alone(latencies):
    found = results()
    found["objective"]["front"] = [point(str(n), 0.5, ms) for n, ms in enumerate(latencies)]
    assert len(pareto(found).rows) == len(latencies)
    assert len(front_lines(found)) == 14
    assert front_lines(found)[-1].strip() == f"and {len(latencies) - 12} more in the report"
