"""Which figures a search's results can fill, drawn."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from automl import plots
from automl.report.access import budget_unit, mapping, real, rows, text
from automl.report.confirmation import chosen_seed
from automl.report.evaluation import readable_confusion
from automl.report.thinning import sentence, thinned

_CURVE_COLUMNS = 5
_LINES = 200
"""Configurations in parallel coordinates: more lines hide each other."""
_STEPS = 10
"""Whole numbers of a range up to which they are as good as a list."""


@dataclass(frozen=True)
class Drawing:
    """A figure and what it says to someone who cannot see it.

    ``inline`` is false for one that the page says better as a table; ``note`` says what it leaves
    out.
    """

    figure: Figure
    alt: str
    inline: bool = True
    note: str = ""


def draw(results: Mapping[str, Any]) -> dict[str, Drawing]:
    """The figures for which there is data, by name: the names of their files."""
    return {
        **_search(results),
        **_pareto(results),
        **_confirmation(results),
        **{
            f"confusion_{_file_name(text(domain, 'domain', 'test'))}": Drawing(
                plots.confusion_matrix(*confusion, title=f"{text(domain, 'domain')}, test split"),
                f"confusion matrix on the test images of {text(domain, 'domain')}",
                inline=False,
            )
            for domain in rows(mapping(results, "evaluation"), "domains")
            if (confusion := readable_confusion(domain)) is not None
        },
    }


def _file_name(domain: str) -> str:
    return re.sub(r"[^\w.-]", "_", domain)


def _search(results: Mapping[str, Any]) -> dict[str, Drawing]:
    unit = budget_unit(results)
    drawings = {}
    trajectory = [
        {**point, "budget": real(point, "budget")}
        for point in rows(results, "trajectory")
        if real(point, "spent") is not None and real(point, "validation_accuracy") is not None
    ]
    if trajectory:
        drawings["incumbent"] = Drawing(
            plots.incumbent_curve(
                trajectory, unit, real(mapping(results, "trials"), "budget_spent")
            ),
            f"validation accuracy of the best configuration over {unit} spent",
        )
    configurations = [_plottable(one) for one in rows(results, "configurations")]
    if any(one["validation_accuracy"] is not None for one in configurations):
        budgets = {one["budget"] for one in configurations if one["budget"] is not None} | {
            budget
            for bracket in rows(results, "brackets")
            for rung in rows(bracket, "rungs")
            if (budget := real(rung, "budget")) is not None
        }
        shown = thinned(configurations)
        note = sentence(len(shown), len(configurations))
        drawings["configurations"] = Drawing(
            plots.configurations_scatter(shown, sorted(budgets), unit),
            "validation accuracy of the configurations at every budget they reached",
            note=note,
        )
        parameters = plots.parameter_scatter(shown, unit, _ranged(results))
        if parameters is not None:
            drawings["parameters"] = Drawing(
                parameters, "validation accuracy against each parameter of the space", note=note
            )
        lines = thinned(configurations, _LINES)
        parallel = plots.parallel_coordinates(lines, unit, _order(results), _ranged(results))
        if parallel is not None:
            drawings["parallel"] = Drawing(
                parallel,
                "the configurations as lines over their parameters, coloured by accuracy",
                note=sentence(len(lines), len(configurations)),
            )
    return drawings


def _pareto(results: Mapping[str, Any]) -> dict[str, Drawing]:
    section = mapping(results, "objective")
    points, front = (
        [one for one in rows(section, key) if _is_timed(one)] for key in ("points", "front")
    )
    if not points:
        return {}
    made = plots.pareto_front(points, front, real(section, "latency_limit_ms"))
    return {"pareto": Drawing(made, "validation accuracy against the latency of one image")}


def _is_timed(one: Mapping[str, Any]) -> bool:
    latency = real(one, "latency_ms")
    return latency is not None and latency > 0 and real(one, "validation_accuracy") is not None


def _order(results: Mapping[str, Any]) -> list[str]:
    """The parameters as the space's file lists them."""
    return list(_parameters(results))


def _ranged(results: Mapping[str, Any]) -> dict[str, bool]:
    """By parameter whether the space's file has it drawn from a range, not from a list."""
    declared = _parameters(results)
    return {name: _is_range(mapping(declared, name)) for name in declared}


def _is_range(declaration: Mapping[str, Any]) -> bool:
    kind = text(declaration, "type")
    lower, upper = real(declaration, "lower") or 0, real(declaration, "upper") or 0
    return kind == "float" or (kind == "integer" and upper - lower >= _STEPS)


def _parameters(results: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(mapping(mapping(results, "config"), "space"), "parameters")


def _confirmation(results: Mapping[str, Any]) -> dict[str, Drawing]:
    drawings = {}
    confirmed = [
        {**one, "seeds": [{**seed, "curve": _curve(seed)} for seed in rows(one, "seeds")]}
        for one in rows(results, "confirmation")
    ]
    # A single epoch (a model fitted in one go) makes no curve.
    if any(len(seed["curve"]) > 1 for one in confirmed for seed in one["seeds"]):
        drawings["confirmation"] = Drawing(
            plots.confirmed_curves(confirmed),
            "mean validation accuracy by epoch of the confirmed configurations, with 80 % bands",
        )
    curve = _curve(chosen_seed(results))
    if len(curve) > 1:
        drawings["model"] = Drawing(
            plots.model_curves(curve),
            "accuracy and loss of the chosen model by epoch, on training and validation images",
        )
    return drawings


def _plottable(one: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with every number either finite or ``None``."""
    budget = real(one, "budget")
    return {
        "configuration": mapping(one, "configuration"),
        "origin": text(one, "origin", "random"),
        "budget": budget,
        "validation_accuracy": None if budget is None else real(one, "validation_accuracy"),
        "curve": _curve(one),
    }


def _curve(parent: Mapping[str, Any]) -> list[list[float | None]]:
    """A curve's rows, five wide, with every number either finite or ``None``."""
    raw = parent.get("curve")
    if not isinstance(raw, list | tuple):
        return []
    cells = [dict(enumerate(row)) for row in raw if isinstance(row, list | tuple)]
    curve = [[real(row, column) for column in range(_CURVE_COLUMNS)] for row in cells]
    return [row for row in curve if row[0] is not None]
