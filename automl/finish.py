"""After the last task: results, report, tracking, and the lines that sum a search up."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from automl.disclosure import hidden
from automl.driver import Driver
from automl.errors import writing
from automl.final_model import final_model
from automl.formatting import configuration, counted, percent, percent_interval
from automl.ledger import Ledger
from automl.planning import Checked
from automl.progress import Progress
from automl.report import build_report
from automl.report.details import detailed
from automl.report.pareto import front_lines
from automl.results import results, write_json
from automl.session import WorkerSpec
from automl.settings import Settings
from automl.state import SearchState
from automl.tracking.mirror import Mirror
from automl.tracking.nothing import NoMirror
from automl.tracking.ui import default_uri
from automl.tracking.uri import absolute_uri


def finish(
    checked: Checked,
    driver: Driver,
    worker: WorkerSpec,
    ledger: Ledger,
    folder: Path,
    mirror: Mirror | NoMirror,
    progress: Progress,
) -> str:
    """Write ``results.json`` and ``report.html``, close the ledger, hand all to MLflow."""
    written = write_outcome(driver.state, ledger.events, folder)
    if not driver.state.closed:
        event = ledger.append("closed")
        mirror.append(event)
        progress.event(event)
    if checked.settings.tracking.uri is not None:
        progress.note("Writing report and model to MLflow")
        mirror.finish(
            results=written.results,
            files=written.files,
            figures=written.figures,
            model=partial(final_model, asdict(worker), driver.evaluation.task().checkpoint),
            time=closing_time(ledger.events),
        )
    return summary(written.results, folder, checked.settings)


@dataclass(frozen=True)
class Written:
    """What a finished search leaves in its folder; files by their names in MLflow."""

    results: Mapping[str, Any]
    files: Mapping[str, Path]
    figures: Mapping[str, Path]


def write_outcome(state: SearchState, events: Sequence[Mapping[str, Any]], folder: Path) -> Written:
    """Write results, report and figures from the ledger; misclassified images from their cache."""
    plan = state.plan or {}
    view = plan.get("views", {}).get("diffraction")
    binary = None if view is None else (view["classes"], view["projection"])
    found = results(state, events, binary)
    with writing(folder):
        write_json(found, folder / "results.json")
        figures = build_report(detailed(found, state), folder / "report.html", folder / "figures")
    names = ("results.json", "report.html", "config.yaml")
    return Written(found, {name: folder / name for name in names}, figures)


def closing_time(events: Sequence[Mapping[str, Any]]) -> int:
    """Return when a search was first closed, in milliseconds since 1970."""
    closed: Mapping[str, Any] = next(event for event in events if event["event"] == "closed")
    return round(1000 * float(closed["time"]))


def summary(found: Mapping[str, Any], folder: Path, settings: Settings) -> str:
    """Return the last lines of the command."""
    incumbent = found["incumbent"]
    evaluation = found["evaluation"]
    chosen = next(entry for entry in found["confirmation"] if entry["chosen"])
    unit = found["budget_unit"]
    finished = counted(found["trials"]["finished"], "trials")
    spent = counted(found["trials"]["budget_spent"], unit)
    failed = sum(found["trials"]["failed"].values())
    accuracy = percent(incumbent["validation_accuracy"])
    median = percent(found["median_validation_accuracy"])
    budget = counted(incumbent["budget"], unit)
    counts = found["trials"]
    drawn = counts["model_based"] + counts["random"] + counts["fallback"]
    saved = counted(counts["budget_saved"], unit)
    lines = [
        "",
        f"Search {found['name']} finished: {finished}, {failed} failed, {spent}.",
        f"Incumbent: {configuration(incumbent['configuration'])}",
        f"  validation accuracy {accuracy} on {found['select']} after {budget} (median {median})",
        f"Confirmed: {configuration(chosen['configuration'])}",
        f"  validation accuracy {percent(chosen['mean'])}, mean over {len(chosen['seeds'])} seeds",
    ]
    if drawn:
        lines.append(f"Model-based picks: {counts['model_based']} of {drawn} configurations")
    if counts["grid"]:
        lines.append(f"Grid: {counted(counts['grid'], 'configurations')} in turn")
    if counts["warm_start"]:
        lines.append(f"Warm start: {counted(counts['warm_start'], 'configurations')} first")
    if counts["fallback"]:
        lines.append(f"Model without a candidate: {counts['fallback']} drawn at random instead")
    if counts["promoted"]:
        lines.append(
            f"Promotions: {counts['promoted']}, saving {saved} by continuing from checkpoints"
        )
    lines += front_lines(found)
    classes = " in two classes" if found["labels"] == "binary" else ""
    lines.append(f"Test accuracy{classes}, 95% interval:")
    lines += _accuracies(evaluation["domains"])
    if evaluation["whole"]:
        lines.append("Validation and test images together, none of them used to select:")
        lines += _accuracies(evaluation["whole"])
    if found["data"].get("surrogate"):
        lines.append("  (simulated images: real_* is a surrogate, not DiffraNet's real images)")
    lines.append(f"Report: {folder / 'report.html'}")
    if settings.tracking.uri is not None:
        lines.append(f"MLflow UI: {_ui_command(settings.tracking.uri)}")
    return "\n".join(lines)


def _accuracies(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    width = max((len(entry["domain"]) for entry in entries), default=0)
    return [
        f"  {entry['domain']:<{width}}  "
        f"{percent_interval(entry['accuracy'], entry['interval'], entry['n'])}"
        f"  ({entry['correct']} of {entry['n']})"
        for entry in entries
    ]


def _ui_command(uri: str) -> str:
    if uri.startswith(("http://", "https://")):
        return hidden(uri)
    here = Path.cwd()
    python = Path(sys.executable)
    shown = python.relative_to(here) if python.is_relative_to(here) else python
    store = "" if absolute_uri(uri) == default_uri(here) else f" uri={hidden(absolute_uri(uri))}"
    return f"{shown} -m automl.ui{store}"
