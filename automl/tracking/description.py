"""The text beside a search in MLflow's pages, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.formatting import configuration_words, counted, number, percent, percent_interval


def of_plan(plan: Mapping[str, Any]) -> str:
    """Describe a search that has begun."""
    config, data = plan.get("config") or {}, plan.get("data") or {}
    search = config.get("search")
    about = search.get("description") if isinstance(search, Mapping) else None
    sizes = plan.get("plan") or {}
    unit = plan.get("budget_unit", "")
    paragraphs = [f"**{about or plan['name']}**"]
    if sizes:
        paragraphs.append(
            f"{sizes.get('configurations')} configurations, {sizes.get('trials')} trials, "
            f"{number(sizes.get('budget'))} {unit} planned; "
            f"selected on the validation split of `{plan.get('select')}`, seed {plan.get('seed')}."
        )
    if data.get("note"):
        paragraphs.append(f"Data: {data['note']}")
    return "\n\n".join(paragraphs)


def of_results(plan: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """Describe a search that is over: its main figures above what was planned."""
    paragraphs = [of_plan(plan)]
    incumbent = results.get("incumbent")
    if incumbent:
        paragraphs.append(
            f"Best configuration: {configuration_words(incumbent['configuration'])} "
            f"({percent(incumbent.get('validation_accuracy'))} on validation)."
        )
    chosen = [entry for entry in results.get("confirmation") or () if entry.get("chosen")]
    paragraphs += [
        (
            f"Confirmed over {counted(len(entry.get('seeds') or ()), 'seeds')}: "
            f"{percent_interval(entry.get('mean'), entry.get('interval'))} on validation."
        )
        for entry in chosen
    ]
    evaluation = results.get("evaluation") or {}
    domains = [*(evaluation.get("domains") or ()), *(evaluation.get("whole") or ())]
    if domains:
        rows = ["| domain | split | images | accuracy (95 % interval) |", "|---|---|---|---|"]
        paragraphs.append("\n".join(rows + [_row(entry) for entry in domains]))
    return "\n\n".join(paragraphs)


def _row(entry: Mapping[str, Any]) -> str:
    n = entry.get("n")
    figure = percent_interval(entry.get("accuracy"), entry.get("interval"), n)
    splits = entry.get("split") or " + ".join(entry.get("splits") or ())
    return f"| {entry['domain']} | {splits} | {n} | {figure} |"
