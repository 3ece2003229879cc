"""The last lines of the command: what a finished search found, each fact once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.command_line import python_command
from automl.disclosure import hidden
from automl.formatting import configuration, counted, duration, percent, percent_interval
from automl.settings import Settings
from automl.tracking.champion import Registered
from automl.tracking.ui import default_uri
from automl.tracking.uri import absolute_uri

_OTHER_DATA = ", which learned from other data"
_RUNS = "runs"  # where automl.predict looks for searches unless it is told otherwise


def closing_lines(
    found: Mapping[str, Any], folder: Path, settings: Settings, model: Registered | None
) -> str:
    """Return the last lines of the command.

    Args:
        found: What results.json holds.
        folder: Of the search.
        settings: Of the search.
        model: The chosen model in MLflow, if it is registered.
    """
    evaluation = found["evaluation"]
    lines = ["", _head(found), *_chosen(found), *_draws(found["trials"], found["budget_unit"])]
    if "objective" in found:
        # Here alone: the report's package takes seconds to import.
        from automl.report.pareto import front_lines

        lines += front_lines(found)
    classes = " in two classes" if found["labels"] == "binary" else ""
    lines.append(f"Test accuracy{classes}, 95% interval:")
    lines += _accuracies(evaluation["domains"])
    if evaluation["whole"]:
        lines.append("Validation and test images together, none of them used to select:")
        lines += _accuracies(evaluation["whole"])
    if found["scale"] == "smoke":
        lines.append(
            "  (a smoke test: it shows that everything runs, and no figure means anything)"
        )
    if found["data"].get("surrogate"):
        lines.append("  (simulated images: real_* is a surrogate, not DiffraNet's real images)")
    lines.append(f"Report: {folder / 'report.html'}")
    lines.append(f"Use it: {_predict_command(folder)}")
    if model is not None:
        lines += _registered(model)
    if settings.tracking.uri is not None:
        lines.append(f"MLflow UI: {_ui_command(settings.tracking.uri)}")
    return "\n".join(lines)


def _head(found: Mapping[str, Any]) -> str:
    counts, unit = found["trials"], found["budget_unit"]
    parts = [counted(counts["finished"], "trials")]
    if failed := sum(counts["failed"].values()):
        parts.append(f"{failed} failed")
    if counts["budget_spent"] != counts["finished"]:
        parts.append(counted(counts["budget_spent"], unit))
    confirmed = sum(len(entry["seeds"]) for entry in found["confirmation"])
    parts.append(f"{confirmed} to confirm")
    total = duration(found["times"]["total_seconds"])
    return f"Search {found['name']} finished in {total}: {', '.join(parts)}."


def _chosen(found: Mapping[str, Any]) -> list[str]:
    incumbent = found["incumbent"]
    chosen = next(entry for entry in found["confirmation"] if entry["chosen"])
    accuracy = percent(incumbent["validation_accuracy"])
    budget = counted(incumbent["budget"], found["budget_unit"])
    median = percent(found["median_validation_accuracy"])
    searched = f"validation accuracy {accuracy} on {found['select']} after {budget}"
    searched += f" (median of all {median})"
    mean = f"{percent(chosen['mean'])}, mean over {counted(len(chosen['seeds']), 'seeds')}"
    if incumbent["configuration"] == chosen["configuration"]:
        return [
            f"Incumbent: {configuration(incumbent['configuration'])}",
            f"  {searched}",
            f"  confirmed: {mean}",
        ]
    return [
        f"Incumbent: {configuration(incumbent['configuration'])}",
        f"  {searched}",
        f"Confirmed: {configuration(chosen['configuration'])}",
        f"  validation accuracy {mean}",
    ]


def _draws(counts: Mapping[str, Any], unit: str) -> list[str]:
    """Return how the configurations came to be chosen, where that was not all by chance."""
    lines = []
    drawn = counts["model_based"] + counts["random"] + counts["fallback"]
    if counts["model_based"]:
        lines.append(f"Model-based picks: {counts['model_based']} of {drawn} configurations")
    if counts["grid"]:
        lines.append(f"Grid: {counted(counts['grid'], 'configurations')} in turn")
    if counts["warm_start"]:
        lines.append(f"Warm start: {counted(counts['warm_start'], 'configurations')} first")
    if counts["fallback"]:
        lines.append(f"Model without a candidate: {counts['fallback']} drawn at random instead")
    if counts["promoted"]:
        saved = counted(counts["budget_saved"], unit)
        lines.append(
            f"Promotions: {counts['promoted']}, saving {saved} by continuing from checkpoints"
        )
    return lines


def _accuracies(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    width = max((len(entry["domain"]) for entry in entries), default=0)
    return [
        f"  {entry['domain']:<{width}}  "
        f"{percent_interval(entry['accuracy'], entry['interval'], entry['n'])}"
        f"  ({entry['correct']} of {entry['n']}{_errors(entry)})"
        for entry in entries
    ]


def _errors(entry: Mapping[str, Any]) -> str:
    """Return what a screening would lose and keep in vain, where diffraction is told from none."""
    binary = entry.get("diffraction")
    if not binary:
        return ""
    hits = binary["hits"]
    return (
        f"; hits missed {binary['missed']} of {hits}, "
        f"false alarms {binary['false']} of {binary['n'] - hits}"
    )


def _registered(model: Registered) -> list[str]:
    """Return name and version, and whose the alias is: it may have moved unasked."""
    lines = [f"Registered in MLflow: {model.name}, version {model.version}"]
    if model.champion is None:
        return lines
    holder, before = model.champion.version, model.champion.moved_from(model.version)
    words = f"version {holder.number}"
    if holder.number == model.version:
        words = "this version"
    else:
        if holder.accuracy is not None:
            words += f", confirmed {percent(holder.accuracy)}"
        if holder.data != model.champion.data_of(model.version):
            words += _OTHER_DATA
    if before is not None:
        words += f", in the place of version {before.number}"
        if before.data != holder.data:
            words += _OTHER_DATA
    return [*lines, f"  champion: {words}"]


def _predict_command(folder: Path) -> str:
    words = [folder.name, "IMAGES"]
    if folder.parent != Path(_RUNS).absolute():
        here = Path.cwd()
        inside = folder.parent.is_relative_to(here)
        words += ["--runs", str(folder.parent.relative_to(here) if inside else folder.parent)]
    return python_command("automl.predict", words)


def _ui_command(uri: str) -> str:
    if uri.startswith(("http://", "https://")):
        return hidden(uri)
    address = absolute_uri(uri)
    words = [] if address == default_uri(Path.cwd()) else [f"uri={address}"]
    return python_command("automl.ui", words)
