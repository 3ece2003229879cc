"""A search that is finished in every part: its command says so at once and starts nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from automl.closing import closing_lines
from automl.disclosure import hidden
from automl.errors import UserError
from automl.ledger import Event, plan_event, read_events, refuse_if_held
from automl.multirun import Planned
from automl.results import write_json
from automl.settings import digest
from automl.tracking.champion import Registered, champion
from automl.tracking.held import Held, held
from automl.tracking.uri import absolute_uri

_RECORD = "mlflow.json"  # in the search's folder: where MLflow has it, and how much of it


def finished_before(search: Planned) -> str | None:
    """Return the last lines of a search to which nothing is left to do, else None.

    Its ledger is closed, results and report lie beside it, and MLflow has what it had when the
    search was handed over to it. Whatever cannot be told soon is left to the search itself.
    """
    settings, folder = search.settings, search.settings.runs / search.name
    try:
        events, _ = read_events(folder / "ledger.jsonl")
        plan = plan_event(events)
        if plan is None or events[-1]["event"] != "closed":
            return None
        if plan["config_digest"] != digest(search.config):
            return None
        refuse_if_held(folder)
        if not (folder / "report.html").exists():
            return None
        found = json.loads((folder / "results.json").read_text())
        model = None
        if settings.tracking.uri is not None:
            record = json.loads((folder / _RECORD).read_text())
            if record["uri"] != _address(settings.tracking.uri):
                return None
            if record["held"] != held(settings.tracking.uri, plan["search_id"], record["run_id"]):
                return None
            model = _registered(settings.tracking.uri, record["held"])
        return closing_lines(found, folder, settings, model)
    except (UserError, OSError, LookupError, TypeError, ValueError):
        # Damaged, of an earlier version, or at work: the search itself says what is to be said.
        return None


def remember(folder: Path, uri: str, run_id: str | None, events: list[Event]) -> Registered | None:
    """Note what MLflow has of a search that was handed over to it without a rest.

    Returns:
        Its model in MLflow, where it is registered.
    """
    path = folder / _RECORD
    plan = plan_event(events)
    found: Held | None = None
    if plan is not None and run_id is not None:
        found = held(uri, plan["search_id"], run_id)
    # Without the note the command does again what it has done: nothing is lost.
    with suppress(OSError):
        if found is None:
            path.unlink(missing_ok=True)
            return None
        write_json({"uri": _address(uri), "run_id": run_id, "held": found}, path)
    return None if found is None else _registered(uri, found)


def _registered(uri: str, found: Held) -> Registered | None:
    if found["model"] is None:
        return None
    name, version = found["model"]
    # Not noted: later searches may change who is the champion.
    return Registered(name, version, champion(uri, name))


def _address(uri: str) -> str:
    return hidden(absolute_uri(uri))
