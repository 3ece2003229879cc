"""How validation accuracy depends on each parameter of the space, one small panel a parameter."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from automl.formatting import counted, number
from automl.plots.scales import scale_of
from automl.plots.style import FAILED, INK, accuracy_axis, figure, foot, legend, shades

_COLUMNS = 3
_LONGEST = 14
_DECADES = 100.0
"""Numbers that span less than this have too few powers of ten between them to label these alone."""


def parameter_scatter(
    configurations: Sequence[Mapping[str, Any]],
    budget_unit: str,
    ranged: Mapping[str, bool] = MappingProxyType({}),
) -> Figure | None:
    """Accuracy at the largest budget reached against each parameter; failed ones at the foot.

    Colour tells the budget. A parameter that a configuration does not have (a condition of the
    space is not met) leaves it out of that panel; one that never varies has no panel.

    Args:
        configurations: ``configurations`` of results.json.
        budget_unit: the budget's name.
        ranged: by parameter, as far as it is known, whether it is drawn from a range.

    Returns:
        ``None`` when nothing varies.
    """
    panels = varying(configurations)
    if not panels:
        return None
    rows = -(-len(panels) // _COLUMNS)
    made, axes = figure(0.7 + 1.75 * rows, rows, min(_COLUMNS, len(panels)))
    finished = [one for one in configurations if one.get("validation_accuracy") is not None]
    colours = shades(float(one["budget"]) for one in finished)
    bottom = foot(float(one["validation_accuracy"]) for one in finished)
    for one, name in zip(axes, panels, strict=False):
        _panel(one, name, configurations, colours, bottom, ranged.get(name))
    for spare in axes[len(panels) :]:
        spare.set_visible(False)
    handles = [
        Line2D([], [], linestyle="none", marker="o", color=c, label=counted(b, budget_unit))
        for b, c in colours.items()
    ]
    handles.append(Line2D([], [], linestyle="none", marker="x", color=FAILED, label="failed"))
    legend(made, handles, loc="outside upper right", ncols=len(handles))
    made.supylabel("validation accuracy", fontsize=9, color=INK)
    return made


def varying(configurations: Sequence[Mapping[str, Any]]) -> list[str]:
    """The parameters with more than one value among configurations, in the order met."""
    values: dict[str, set[str]] = {}
    for one in configurations:
        for name, value in (one.get("configuration") or {}).items():
            values.setdefault(name, set()).add(number(value))
    return [name for name, seen in values.items() if len(seen) > 1]


def _panel(
    axes: Any,
    name: str,
    configurations: Sequence[Mapping[str, Any]],
    colours: dict[float, str],
    bottom: float,
    ranged: bool | None,
) -> None:
    points = [
        (one["configuration"][name], one.get("validation_accuracy"), one.get("budget"))
        for one in configurations
        if name in (one.get("configuration") or {})
    ]
    raw = [value for value, _, _ in points]
    scale = scale_of(raw, ranged)
    positions = scale.positions(raw)
    if scale.continuous:
        if scale.logarithmic:
            axes.set_xscale("log")
            if scale.high / scale.low < _DECADES:
                axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
                axes.xaxis.set_minor_formatter(NullFormatter())
        elif all(float(position).is_integer() for position in positions):
            axes.xaxis.get_major_locator().set_params(integer=True)
        axes.tick_params(axis="x", labelsize=7)
        axes.xaxis.get_offset_text().set_fontsize(7)
    else:
        labels = _shortened(scale.labels)
        crowded = sum(len(label) for label in labels) > 22
        axes.set_xticks(range(len(labels)), labels, rotation=90 if crowded else 0, fontsize=7)
        axes.set_xlim(-0.6, len(labels) - 0.4)
    marks: dict[float | None, list[tuple[float, float]]] = {}
    for position, (_, accuracy, budget) in zip(positions, points, strict=True):
        if accuracy is None:
            marks.setdefault(None, []).append((position, bottom))
        else:
            marks.setdefault(float(budget or 0.0), []).append((position, accuracy))
    for reached, where in marks.items():
        shape, colour = ("x", FAILED) if reached is None else ("o", colours[reached])
        axes.plot(*zip(*where, strict=True), shape, color=colour, markersize=4, alpha=0.85)
    axes.set_title(name.replace("_", " "), fontsize=8.5, color=INK, loc="left")
    axes.tick_params(axis="y", labelsize=7)
    accuracy_axis(axes.yaxis)


def _shortened(labels: Sequence[str]) -> list[str]:
    """Long labels cut, unless that would make two of them one."""
    cut = [x if len(x) <= _LONGEST else f"{x[: _LONGEST - 1]}…" for x in labels]
    return cut if len(set(cut)) == len(cut) else list(labels)
