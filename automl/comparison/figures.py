"""The figures of a comparison: incumbents over what was spent, and test accuracies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from automl.comparison.curves import AXES
from automl.comparison.words import entry_of
from automl.plots.style import INK, SERIES, accuracy_axis, figure, legend, stroke

Json = Mapping[str, Any]

_HOUR, _MINUTE = 3600.0, 60.0


def incumbents(groups: Sequence[Json]) -> Figure | None:
    """Median incumbent by trials, budget and wall time; the band spans the seeds of a search.

    Args:
        groups: ``groups`` of compare.json.

    Returns:
        ``None`` where no search has a finished trial.
    """
    shown = [(place, group) for place, group in enumerate(groups) if group["curves"]]
    if not shown:
        return None
    made, axes = figure(3.3, 1, len(AXES))
    ends = [group["curves"]["seconds"]["x"][-1] for _, group in shown]
    unit, scale = _unit(max(ends))
    units = list(dict.fromkeys(group["budget_unit"] for group in groups))
    labels = ("trials", f"{' or '.join(units)} spent", f"wall time ({unit})")
    for axis, one, label in zip(AXES, axes, labels, strict=True):
        for place, group in shown:
            curve = group["curves"][axis]
            x = [value / scale if axis == "seconds" else value for value in curve["x"]]
            line = stroke(place)
            one.step(x, curve["median"], where="post", **line, label=group["label"])
            if curve["low"] is not None:
                band = {"step": "post", "color": line["color"], "alpha": 0.18, "linewidth": 0}
                one.fill_between(x, curve["low"], curve["high"], **band)
        one.set_xlabel(label)
        one.xaxis.set_major_locator(MaxNLocator(5, integer=axis != "seconds"))
        one.margins(x=0.03)
        accuracy_axis(one.yaxis)
    for one in axes[1:]:
        one.sharey(axes[0])
        one.tick_params(labelleft=False)
    axes[0].set_ylabel("incumbent's validation accuracy")
    columns = 1 if any(len(group["label"]) > 30 for group in groups) else 2
    handles = axes[0].get_legend_handles_labels()[0]
    legend(made, handles, loc="outside upper left", ncols=columns, handlelength=3.0)
    return made


def accuracies(found: Json) -> Figure | None:
    """Test accuracy of each search with its interval, a panel a domain.

    Args:
        found: compare.json.

    Returns:
        ``None`` where no test split was opened.
    """
    domains, searches = found["domains"], found["searches"]
    if not domains:
        return None
    colours = {
        key: SERIES[place % len(SERIES)]
        for place, group in enumerate(found["groups"])
        for key in group["searches"]
    }
    made, axes = figure(0.9 + 0.28 * len(searches), 1, len(domains))
    places = {search["key"]: -place for place, search in enumerate(searches)}
    for domain, one in zip(domains, axes, strict=True):
        for search in searches:
            entry = entry_of(search, domain)
            if entry is None:
                continue
            y, colour = places[search["key"]], colours[search["key"]]
            one.plot(entry["interval"], [y, y], color=colour, linewidth=1.6)
            one.plot([entry["accuracy"]], [y], "o", color=colour, markersize=5)
        one.set_yticks(
            list(places.values()), list(places) if one is axes[0] else [""] * len(places)
        )
        one.set_ylim(min(places.values()) - 0.6, 0.6)
        one.set_title(domain.replace("_", " "), fontsize=9, color=INK, loc="left")
        one.xaxis.set_major_locator(MaxNLocator(4))
        accuracy_axis(one.xaxis)
    return made


def _unit(seconds: float) -> tuple[str, float]:
    if seconds >= 2 * _HOUR:
        return "hours", _HOUR
    return ("minutes", _MINUTE) if seconds >= 2 * _MINUTE else ("seconds", 1.0)
