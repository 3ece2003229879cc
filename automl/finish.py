"""After the last task: results, report, tracking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from automl.driver import Driver
from automl.errors import writing
from automl.final_model import final_model
from automl.ledger import Ledger
from automl.planning import Checked
from automl.progress import Progress
from automl.report import build_report
from automl.report.details import detailed
from automl.results import results, write_json
from automl.session import WorkerSpec
from automl.state import SearchState
from automl.tracking.mirror import Mirror
from automl.tracking.nothing import NoMirror


def finish(
    checked: Checked,
    driver: Driver,
    worker: WorkerSpec,
    ledger: Ledger,
    folder: Path,
    mirror: Mirror | NoMirror,
    progress: Progress,
) -> Mapping[str, Any]:
    """Write ``results.json`` and ``report.html``, close the ledger, hand all to MLflow.

    Returns:
        What ``results.json`` holds.
    """
    progress.note("writing the report")
    written = write_outcome(driver.state, ledger.events, folder)
    if not driver.state.closed:
        event = ledger.append("closed")
        mirror.append(event)
        progress.event(event)
    if checked.settings.tracking.uri is not None:
        progress.note("writing report and model to MLflow")
        mirror.finish(
            results=written.results,
            files=written.files,
            figures=written.figures,
            model=partial(final_model, asdict(worker), driver.evaluation.task().checkpoint),
            time=closing_time(ledger.events),
        )
    return written.results


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
