"""Learning curves: the confirmed configurations over seeds, and the chosen model alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from automl.plots.style import INK, SERIES, accuracy_axis, figure, legend, stroke, style
from automl.statistics import bootstrap_band

Curve = Sequence[Sequence[float | None]]
"""Rows of results.json: epoch, train and validation accuracy, train and validation loss."""

_EPOCH, _TRAIN, _VALIDATION, _TRAIN_LOSS, _VALIDATION_LOSS = range(5)
_BAND_SEED = 0
"""Of the bootstrap: a band is a drawing of the data and must not move between two drawings."""


def letter(index: int) -> str:
    """Name of a confirmed configuration, as in the paper's Figure 3: A, B, C and so on."""
    return chr(ord("A") + index) if index < 26 else str(index + 1)


def confirmed_curves(confirmation: Sequence[Mapping[str, Any]]) -> Figure:
    """Mean validation accuracy by epoch with an 80 % band over seeds (the paper's Figure 3).

    The band is a bootstrap over whole curves; seeds that failed have no part in it.

    Args:
        confirmation: ``confirmation`` of results.json.
    """
    made, (axes,) = figure(height=3.2)
    for index, one in enumerate(confirmation):
        epochs, values = _aligned([seed.get("curve") or () for seed in _finished(one)])
        if not len(epochs):
            continue
        line = stroke(index)
        chosen = bool(one.get("chosen"))
        name = f"{letter(index)}, {len(values)} seeds" if len(values) > 1 else f"{letter(index)}"
        axes.plot(
            epochs,
            values.mean(axis=0),
            **line,
            linewidth=2.2 if chosen else 1.3,
            label=name + (" (chosen)" if chosen else ""),
            marker="o" if len(epochs) == 1 else None,
        )
        if len(values) > 1:
            low, high = bootstrap_band(values, seed=_BAND_SEED)
            axes.fill_between(epochs, low, high, color=line["color"], alpha=0.18, linewidth=0)
    axes.set_xlabel("epoch")
    axes.set_ylabel("validation accuracy")
    axes.margins(x=0.02)
    axes.xaxis.get_major_locator().set_params(integer=True)
    accuracy_axis(axes.yaxis)
    if axes.lines:
        legend(axes, loc="lower right", handlelength=3.0)
    return made


def model_curves(curve: Curve) -> Figure:
    """Accuracy (solid) and loss (dashed) of one model on both sets (the paper's Figure 4).

    Validation is thicker than training.

    Args:
        curve: of the chosen model.
    """
    made, (axes,) = figure(height=3.2)
    losses = axes.twinx()
    style(losses)
    losses.spines["right"].set_visible(True)
    losses.grid(visible=False)
    drawn = (
        (axes, _TRAIN, SERIES[0], "-", "training accuracy"),
        (axes, _VALIDATION, SERIES[1], "-", "validation accuracy"),
        (losses, _TRAIN_LOSS, SERIES[0], "--", "training loss"),
        (losses, _VALIDATION_LOSS, SERIES[1], "--", "validation loss"),
    )
    handles = []
    for target, column, colour, line, label in drawn:
        epochs, values = series(curve, column)
        if not epochs:
            continue
        width = 2.4 if column in (_VALIDATION, _VALIDATION_LOSS) else 1.2
        look: dict[str, Any] = {"color": colour, "linestyle": line, "linewidth": width}
        target.plot(epochs, values, **look)
        handles.append(Line2D([], [], **look, label=label))
    axes.set_xlabel("epoch")
    axes.set_ylabel("accuracy")
    losses.set_ylabel("loss", color=INK)
    axes.margins(x=0.02)
    axes.xaxis.get_major_locator().set_params(integer=True)
    accuracy_axis(axes.yaxis)
    legend(axes, handles, ncols=4, loc="lower left", bbox_to_anchor=(0.0, 1.0), columnspacing=1.2)
    return made


def series(curve: Curve, column: int) -> tuple[list[float], list[float]]:
    """Epochs and values of one column, without the epochs at which it was not measured."""
    kept = [
        (float(row[_EPOCH] or 0), float(value))
        for row in curve
        if len(row) > column and (value := row[column]) is not None and np.isfinite(value)
    ]
    return [epoch for epoch, _ in kept], [value for _, value in kept]


def _finished(one: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [s for s in one.get("seeds") or () if s.get("validation_accuracy") is not None]


def _aligned(curves: Sequence[Curve]) -> tuple[list[float], np.ndarray]:
    """The epochs all curves share, and (curves, epochs) validation accuracies at them."""
    tables = [dict(zip(*series(curve, _VALIDATION), strict=True)) for curve in curves]
    tables = [table for table in tables if table]
    if not tables:
        return [], np.empty((0, 0))
    shared = sorted(set(tables[0]).intersection(*tables[1:]))
    return shared, np.array([[table[epoch] for epoch in shared] for table in tables])
