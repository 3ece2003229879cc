"""Parallel coordinates: one line a configuration, from value to value up to its accuracy.

The figure of Inselberg (The plane with parallel coordinates, The Visual Computer 1, 1985).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from automl.formatting import number, percent, quantity
from automl.plots.parameters import varying
from automl.plots.scales import Scale, scale_of
from automl.plots.style import FAILED, INK, PAPER, figure, gradient

_ACROSS = 7
"""Parameters in one row of axes: more would run into each other's labels."""
_BESIDE = -0.16
"""Height of the rail on which a line passes the axes of parameters that it does not have."""
_SPREAD = 0.6
_RAIL = 0.05
_COLOURED = 25.0
"""Percentile of the accuracies at which the colours begin: below it all have one."""
_BUDGET = "budget"


def parallel_coordinates(
    configurations: Sequence[Mapping[str, Any]],
    budget_unit: str,
    order: Sequence[str] = (),
    ranged: Mapping[str, bool] = MappingProxyType({}),
) -> Figure | None:
    """Configurations as lines over their parameters, coloured by validation accuracy.

    A parameter that a configuration does not have (a condition of the space is not met) has the
    line leave that axis for the rail below it. Many parameters make several rows, each with the
    accuracy at its end; a line is left out of a row in which it meets no axis. On an axis of few
    values the lines at one value are spread, the best uppermost. Failed ones end on the rail.

    Args:
        configurations: ``configurations`` of results.json.
        budget_unit: the budget's name.
        order: of the parameters, as far as it is known; others follow.
        ranged: by parameter, as far as it is known, whether it is drawn from a range.

    Returns:
        ``None`` where fewer than two parameters vary, or nothing finished.
    """
    lines = [_with_budget(one, budget_unit) for one in configurations]
    known = {name: place for place, name in enumerate(order)}
    names = sorted(varying(lines), key=lambda name: known.get(name, len(known)))
    accuracies = [one["validation_accuracy"] for one in configurations]
    finished = [float(value) for value in accuracies if value is not None]
    if len(names) < 2 or not finished:
        return None
    # The best last, so that it lies above the others; failures below all.
    drawn = sorted(range(len(lines)), key=lambda i: (accuracies[i] is not None, accuracies[i] or 0))
    lines, values = [lines[i] for i in drawn], [accuracies[i] for i in drawn]
    count = math.ceil(len(names) / _ACROSS)
    across = math.ceil(len(names) / count)
    made, rows = figure(0.2 + 2.55 * count, rows=count)
    for place, axes in enumerate(rows):
        here = names[place * across : (place + 1) * across]
        _row(axes, {name: ranged.get(name) for name in here}, across, lines, values)
    return made


def _with_budget(one: Mapping[str, Any], unit: str) -> Mapping[str, Any]:
    configuration = dict(one.get("configuration") or {})
    if one.get("budget") is not None:
        configuration.setdefault(unit or _BUDGET, one["budget"])
    return {"configuration": configuration}


def _row(
    axes: Any,
    names: Mapping[str, bool | None],
    across: int,
    lines: Sequence[Mapping[str, Any]],
    accuracies: Sequence[float | None],
) -> None:
    heights = np.column_stack(
        [_heights(axes, x, name, lines, drawn) for x, (name, drawn) in enumerate(names.items())]
    )
    here: Any = (heights > _BESIDE + _RAIL).any(axis=1)
    finished = np.array([value for value in accuracies if value is not None], dtype=float)
    scale = Scale.of_numbers(finished, logarithmic=False)
    low = min(float(np.percentile(finished, _COLOURED)), float(finished.max()) - 1e-9)
    palette = gradient()

    def colour(accuracy: float) -> Any:
        share = (accuracy - low) / (finished.max() - low)
        return palette(min(max(share, 0.0), 1.0))

    last = len(names)
    paths, colours = [], []
    for row, accuracy, meets in zip(heights, accuracies, here, strict=True):
        if not meets:
            continue
        end = _BESIDE if accuracy is None else float(scale.heights([accuracy])[0])
        paths.append(np.column_stack([np.arange(last + 1), [*row, end]]))
        colours.append(FAILED if accuracy is None else colour(accuracy))
    axes.add_collection(LineCollection(paths, colors=colours, linewidths=0.8, alpha=0.65, zorder=2))
    _accuracy_axis(axes, last, scale, colour, failed=None in accuracies)
    if (heights[here] <= _BESIDE + _RAIL).any():
        _label(axes, -0.12, _BESIDE, "inactive", "right")
    axes.set_xlim(-0.75, across + 0.6)
    axes.set_ylim(_BESIDE - 0.06, 1.24)
    axes.set_axis_off()


def _heights(
    axes: Any, x: int, name: str, lines: Sequence[Mapping[str, Any]], ranged: bool | None
) -> Any:
    """Draw one axis; return the heights (lines,) at which the lines meet it, or the rail."""
    has = np.array([name in one["configuration"] for one in lines])
    raw = [one["configuration"][name] for one in lines if name in one["configuration"]]
    scale = scale_of(raw, ranged)
    met = scale.heights(raw)
    if not scale.continuous:
        room = _SPREAD / max(len(scale.labels), 2)
        met = met + room * _ranks(met)
    heights = np.empty(len(lines))
    heights[has] = met
    heights[~has] = _BESIDE + _RAIL * _ranks(np.zeros(int((~has).sum())))
    _vertical(axes, x)
    _title(axes, x, name)
    for height, label in scale.shown():
        text = label if isinstance(label, str) else _tick(label)
        text = text if len(text) <= 12 else f"{text[:11]}…"
        _label(axes, x - 0.05, height, text, "right")
    return heights


def _ranks(values: Any) -> Any:
    """Places among equal values in their order, from -0.5 to 0.5; 0 for one alone."""
    places = np.zeros(len(values))
    for value in np.unique(values):
        at = np.flatnonzero(values == value)
        if len(at) > 1:
            places[at] = np.linspace(-0.5, 0.5, len(at))
    return places


def _accuracy_axis(axes: Any, x: int, scale: Scale, colour: Any, failed: bool) -> None:
    steps = np.linspace(0.0, 1.0, 41)
    pieces = [[(x, a), (x, b)] for a, b in pairwise(steps)]
    tones = [colour(scale.value((a + b) / 2)) for a, b in pairwise(steps)]
    axes.add_collection(LineCollection(pieces, colors=tones, linewidths=4.0, zorder=3))
    _title(axes, x, "validation accuracy")
    for height, label in scale.shown():
        _label(axes, x + 0.06, height, percent(float(label)), "left")
    if failed:
        _label(axes, x + 0.06, _BESIDE, "failed", "left")


def _vertical(axes: Any, x: int) -> None:
    axes.plot([x, x], [0.0, 1.0], color=INK, linewidth=0.8, zorder=3)


def _title(axes: Any, x: int, name: str) -> None:
    words = str(name).replace("_", " ").split()
    half = math.ceil(len(words) / 2)
    text = "\n".join(filter(None, (" ".join(words[:half]), " ".join(words[half:]))))
    axes.text(x, 1.09, text, fontsize=7.5, color=INK, ha="center", va="bottom", linespacing=1.0)


def _label(axes: Any, x: float, y: float, text: str, align: str) -> None:
    # On a patch of the page's own colour, or the lines behind would strike it through.
    patch = {"facecolor": PAPER, "edgecolor": "none", "alpha": 0.7, "pad": 0.4}
    axes.text(x, y, text, fontsize=6.5, color=INK, ha=align, va="center", bbox=patch, zorder=4)


def _tick(value: float) -> str:
    return quantity(value) if 1000 <= value < 1e6 else number(value)
