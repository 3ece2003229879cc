"""The text beside a search in MLflow's pages, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.formatting import (
    configuration_words,
    counted,
    mean_over_seeds,
    number,
    percent,
    percent_interval,
)
from automl.tracking import links

OF_EXPERIMENT = (
    "A top-level run is a search, the runs below it are its configurations and, marked with a "
    "seed, those that were trained again for confirmation. `validation_accuracy` over `step` goes "
    "on through all rungs of a configuration: a step is an epoch. The saved views list searches, "
    "and configurations with the best first."
)


def of_plan(plan: Mapping[str, Any]) -> str:
    """Describe a search that has begun."""
    return "\n\n".join([_title(plan), _lists(plan), *_planned(plan)])


def of_results(plan: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """Describe a search that is over: its main figures above what was planned."""
    report = links.to_run("Report", "artifacts/report.html")
    figures = links.to_run("figures", "artifacts/figures")
    paragraphs = [_title(plan), f"**{report}** · {figures} · {_lists(plan)}"]
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
            f"{mean_over_seeds(entry.get('mean'), entry.get('interval'))} on validation."
        )
        for entry in chosen
    ]
    evaluation = results.get("evaluation") or {}
    domains = [*(evaluation.get("domains") or ()), *(evaluation.get("whole") or ())]
    if domains:
        rows = ["| domain | split | images | accuracy (95 % interval) |", "|---|---|---|---|"]
        paragraphs.append("\n".join(rows + [_row(entry) for entry in domains]))
    return "\n\n".join([*paragraphs, *_planned(plan)])


def _title(plan: Mapping[str, Any]) -> str:
    search = (plan.get("config") or {}).get("search")
    about = search.get("description") if isinstance(search, Mapping) else None
    return f"**{about or plan['name']}**"


def _planned(plan: Mapping[str, Any]) -> list[str]:
    paragraphs = []
    sizes, data = plan.get("plan") or {}, plan.get("data") or {}
    if sizes:
        paragraphs.append(
            f"{sizes.get('configurations')} configurations, {sizes.get('trials')} trials, "
            f"{number(sizes.get('budget'))} {plan.get('budget_unit', '')} planned; "
            f"selected on the validation split of `{plan.get('select')}`, seed {plan.get('seed')}."
        )
    if data.get("note"):
        paragraphs.append(f"Data: {data['note']}")
    return paragraphs


def _lists(plan: Mapping[str, Any]) -> str:
    own = f"tags.`automl.search_id` = '{plan['search_id']}' AND tags.`automl.kind` = "
    metric = "validation_accuracy"
    configurations = links.to_runs("Configurations", f"{own}'configuration'", metric)
    confirmed = links.to_runs("confirmation runs", f"{own}'confirmation'", metric)
    return f"{configurations} and {confirmed}, best first"


def _row(entry: Mapping[str, Any]) -> str:
    n = entry.get("n")
    figure = percent_interval(entry.get("accuracy"), entry.get("interval"), n)
    splits = entry.get("split") or " + ".join(entry.get("splits") or ())
    return f"| {entry['domain']} | {splits} | {n} | {figure} |"
