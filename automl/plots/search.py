"""What a search found and when: the incumbent over the budget spent, and every configuration."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from automl.formatting import counted
from automl.plots.style import (
    FAILED,
    INK,
    SERIES,
    accuracy_axis,
    figure,
    foot,
    legend,
    shades,
)

_MARKERS = {"random": "o", "model": "^", "warm_start": "s", "grid": "v"}


def incumbent_curve(
    trajectory: Sequence[Mapping[str, Any]], budget_unit: str, total: float | None = None
) -> Figure:
    """Validation accuracy of the incumbent over the budget really spent.

    A change of incumbent is marked in the colour of its budget: a step down is a change to a
    larger budget.

    Args:
        trajectory: ``trajectory`` of results.json: ``spent``, ``validation_accuracy`` and, where
            known, ``budget``.
        budget_unit: the budget's name, such as "epochs".
        total: budget spent by the whole search, up to which the last incumbent stands.
    """
    points = [p for p in trajectory if p.get("validation_accuracy") is not None]
    spent = [float(p["spent"]) for p in points]
    accuracy = [float(p["validation_accuracy"]) for p in points]
    made, (axes,) = figure(height=2.9)
    if points:
        end = max(*spent, total if total is not None else 0.0)
        line = ([*spent, end], [*accuracy, accuracy[-1]])
        axes.step(*line, where="post", color=INK, linewidth=1.2)
        axes.annotate(
            f"{100 * accuracy[-1]:.1f} %",
            (end, accuracy[-1]),
            xytext=(-4, 6),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color=INK,
        )
    budgets = [p.get("budget") for p in points]
    colours = shades(b for b in budgets if b is not None)
    marks: list[tuple[float | None, str]] = [(None, SERIES[0]), *colours.items()]
    for budget, colour in marks:
        at = [i for i, own in enumerate(budgets) if own == budget]
        label = None if budget is None else f"after {counted(budget, budget_unit)}"
        if at:
            x, y = [spent[i] for i in at], [accuracy[i] for i in at]
            axes.plot(x, y, "o", color=colour, markersize=5, label=label)
    if colours:
        legend(axes, loc="lower right")
    axes.margins(x=0.02, y=0.18)
    axes.set_xlabel(f"{budget_unit} spent")
    axes.set_ylabel("incumbent's validation accuracy")
    accuracy_axis(axes.yaxis)
    return made


def configurations_scatter(
    configurations: Sequence[Mapping[str, Any]], budgets: Sequence[float], budget_unit: str
) -> Figure:
    """Every configuration in the order asked: accuracy at each budget it reached.

    Colour tells the budget, the marker where the configuration came from; a thin line joins one
    configuration's budgets. Failed ones stand at the foot.

    Args:
        configurations: ``configurations`` of results.json, with ``index`` where only some of
            them are drawn.
        budgets: the rungs' budgets; the curve is read at each of them.
        budget_unit: the budget's name.
    """
    made, (axes,) = figure(height=3.3)
    levels = sorted({float(b) for b in budgets})
    colours = shades(levels)
    marks: dict[tuple[str, float], list[tuple[int, float]]] = {}
    joins = []
    failed = []
    for place, one in enumerate(configurations):
        index = int(one.get("index", place))
        reached = _reached(one, levels)
        if not reached:
            failed.append(index)
            continue
        for budget, accuracy in reached:
            marks.setdefault((str(one.get("origin") or "random"), budget), []).append(
                (index, accuracy)
            )
        joins.append([(index, accuracy) for _, accuracy in reached])
    axes.add_collection(LineCollection(joins, color=INK, alpha=0.25, linewidth=0.8, zorder=1))
    for (origin, budget), points in marks.items():
        axes.plot(
            *zip(*points, strict=True),
            marker=_MARKERS.get(origin, "D"),
            color=colours.get(budget, SERIES[0]),
            markersize=5.5,
            linestyle="none",
            zorder=2,
        )
    origins = list(dict.fromkeys(origin for origin, _ in marks))
    seen = [accuracy for points in marks.values() for _, accuracy in points]
    if failed:
        axes.plot(failed, [foot(seen)] * len(failed), "x", color=FAILED, markersize=5)
    axes.set_xlabel("configuration, in the order asked")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel("validation accuracy")
    axes.margins(x=0.02)
    accuracy_axis(axes.yaxis)
    entries = [(f"after {counted(b, budget_unit)}", "o", colours[b]) for b in levels]
    entries += [(origin, _MARKERS.get(origin, "D"), INK) for origin in origins]
    entries += [("failed", "x", FAILED)] if failed else []
    handles = [
        Line2D([], [], linestyle="none", marker=marker, color=colour, label=label)
        for label, marker, colour in entries
    ]
    legend(axes, handles, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return made


def _reached(one: Mapping[str, Any], levels: Sequence[float]) -> list[tuple[float, float]]:
    """(budget, accuracy) at every rung a configuration reached, its last result always."""
    final = one.get("validation_accuracy")
    if final is None or one.get("budget") is None:
        return []
    largest = float(one["budget"])
    curve = {float(row[0]): row[2] for row in one.get("curve") or () if row[2] is not None}
    reached = [(b, float(curve[b])) for b in levels if b < largest and b in curve]
    return [*reached, (largest, float(final))]
