"""Parallel coordinates, and the scales that parameters are drawn on."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import LineCollection

from automl.plots import parallel_coordinates, to_svg
from automl.plots.parameters import parameter_scatter
from automl.plots.scales import scale_of
from automl.report.figures import draw

values = st.one_of(
    st.integers(-5, 5),
    st.floats(1e-6, 1e6),
    st.sampled_from(["sqrt", "log2", None, True, False]),
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
)


@given(st.lists(values, min_size=1, max_size=30))
def test_every_value_has_a_height_and_equal_ones_the_same(drawn):
    scale = scale_of(drawn)
    heights = scale.heights(drawn)
    assert ((heights >= -1e-9) & (heights <= 1 + 1e-9)).all()
    for height, value in zip(heights, drawn, strict=True):
        again = scale.heights([value])[0]
        assert height == pytest.approx(again, abs=1e-9)
    assert all(-1e-9 <= height <= 1 + 1e-9 for height, _ in scale.shown())


@given(st.lists(st.floats(1e-6, 1e6), min_size=8, max_size=30, unique=True))
def test_numbers_keep_their_order_and_come_back(drawn):
    scale = scale_of(drawn)
    heights = scale.heights(drawn)
    order = np.argsort(drawn)
    assert (np.diff(heights[order]) >= 0).all()
    assert scale.logarithmic == (max(drawn) / min(drawn) > 10)
    back = [scale.value(height) for height in heights]
    assert back == pytest.approx(drawn, rel=1e-6, abs=1e-9)


def one(accuracy, budget=1, **configuration):
    return {"configuration": configuration, "budget": budget, "validation_accuracy": accuracy}


FEW = [0.000114, 0.0419, 0.61, 4.12]


@pytest.mark.parametrize(
    ("drawn", "ranged", "continuous", "logarithmic"),
    [
        (FEW, True, True, True),
        (FEW, None, True, True),
        (FEW, False, False, False),
        ([3, 400, 900], True, True, True),
        ([3, 400, 900], None, False, False),
        # Of a list of choices some come again.
        ([0.25, 0.5, 0.5], None, False, False),
        (list(range(1, 14)), False, True, False),
        ([0.02, 0.03, 0.4], True, True, True),
        (["sqrt", 0.25], None, False, False),
    ],
)
def test_the_gaps_between_few_drawn_numbers_are_kept(drawn, ranged, continuous, logarithmic):
    scale = scale_of(drawn, ranged)
    assert (scale.continuous, scale.logarithmic) == (continuous, logarithmic)
    found = [one(0.5 + 0.1 * i, x=value) for i, value in enumerate(drawn)]
    panel = parameter_scatter(found, "epochs", {} if ranged is None else {"x": ranged}).axes[0]
    assert panel.get_xscale() == ("log" if logarithmic else "linear")
    panel.figure.canvas.draw()
    if drawn[-1] == 0.4:
        assert {"0.05", "0.1", "0.2"} <= {label.get_text() for label in panel.get_xticklabels()}
    places = {float(x) for line in panel.lines for x in line.get_xdata()}
    assert places == (set(drawn) if continuous else {float(i) for i in range(len(set(drawn)))})


def test_the_space_says_which_parameters_are_drawn_from_a_range():
    listed = {"type": "ordinal", "choices": [0.1, 0.9]}
    whole = {"type": "integer", "lower": 1, "upper": 900}
    space = {"parameters": {"a": listed, "b": whole, "c": whole | {"upper": 3}}}
    points = [one(0.1 * i, a=0.1 + 0.8 * i, b=5 + 800 * i, c=1 + i) for i in range(2)]
    drawings = draw({"config": {"space": space}, "configurations": points})
    panels = {axes.get_title("left"): axes for axes in drawings["parameters"].figure.axes}
    assert panels["a"].get_xlim() == panels["c"].get_xlim() == (-0.6, 1.6)
    assert panels["b"].get_xlim()[1] > 800
    # 5 and 805 themselves are labels of steps, not ticks of a numeric axis.
    assert "805" not in texts(drawings["parallel"].figure)


def lines(axes):
    """The configurations' lines in a row of axes."""
    (found,) = [
        c for c in axes.collections if isinstance(c, LineCollection) and len(c.get_segments()) != 40
    ]
    return [np.asarray(segment) for segment in found.get_segments()]


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_an_inactive_parameter_is_passed_below_its_axis():
    figure = parallel_coordinates(
        [one(0.5, kind="a", only_a=1), one(0.7, kind="a", only_a=2), one(0.9, kind="b", only_b=3)],
        "fits",
    )
    (axes,) = figure.axes
    worst, middle, best = lines(axes)
    # kind, only_a and the accuracy; only_b never varies.
    assert len(worst) == 3
    assert worst[1, 1] >= 0
    assert middle[1, 1] > worst[1, 1]
    assert best[1, 1] < 0
    assert "inactive" in texts(figure)
    assert "failed" not in texts(figure)
    assert worst[-1, 1] == pytest.approx(0.0)
    assert best[-1, 1] == pytest.approx(1.0)


def test_failed_ones_end_below_the_accuracies_and_are_drawn_first():
    found = [one(0.5, x=1, y=1), one(None, x=2, y=1), one(0.9, x=3, y=2)]
    figure = parallel_coordinates(found, "fits")
    failed, worst, best = lines(figure.axes[0])
    assert failed[-1, 1] < 0 <= worst[-1, 1] < best[-1, 1]
    assert "failed" in texts(figure)
    assert "inactive" not in texts(figure)


def test_many_parameters_make_rows_that_leave_out_lines_without_an_axis():
    common = {f"p{i}": [0, 1] for i in range(7)}
    found = []
    for i in range(8):
        first = {name: pair[i % 2] for name, pair in common.items()}
        second = {f"q{k}": i for k in range(7)} if i < 5 else {}
        found.append(one(0.1 * i, **first, **second))
    figure = parallel_coordinates(found, "fits")
    upper, lower = figure.axes
    assert len(lines(upper)) == 8
    assert len(lines(lower)) == 5


def test_budgets_are_an_axis_where_there_are_several_and_the_order_is_the_spaces():
    found = [one(0.5, budget=1, b=1, a=1), one(0.6, budget=3, b=2, a=2)]
    shown = texts(parallel_coordinates(found, "epochs", order=["a", "b"]))
    titles = [text for text in shown if text in ("a", "b", "epochs")]
    assert titles == ["a", "b", "epochs"]


def test_where_nothing_can_be_drawn():
    assert parallel_coordinates([], "fits") is None
    assert parallel_coordinates([one(None, x=1, y=1), one(None, x=2, y=2)], "fits") is None
    assert parallel_coordinates([one(0.1, x=1), one(0.2, x=2)], "fits") is None
    equal = [one(0.5, x=1, y=1), one(0.5, x=2, y=2)]
    assert not re.search(r"\bnan\b", to_svg(parallel_coordinates(equal, "fits"), "p", "").lower())


def test_labels_stand_on_the_pages_own_colour():
    found = [one(0.5, x=1, y=1), one(0.9, x=2, y=2)]
    svg = to_svg(parallel_coordinates(found, "fits"), "parallel", "")
    assert "var(--page)" in svg
    assert "#fefefe" not in svg
