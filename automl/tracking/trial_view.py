"""The run of a configuration, or of one seed of its confirmation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.tracking import naming, plan_view
from automl.tracking.run_view import CONFIGURATION, CONFIRMATION, RunKey, RunView


def run_key(asked: Mapping[str, Any]) -> RunKey:
    """Return the run that a trial belongs to: one for each configuration and confirmed seed."""
    if asked["phase"] == "confirmation":
        seed = str(asked["confirmation_seed"])
        return RunKey(CONFIRMATION, asked["configuration_id"], seed)
    return RunKey(CONFIGURATION, asked["configuration_id"])


def new_run(asked: Mapping[str, Any], plan: Mapping[str, Any]) -> RunView:
    """Return the run of a configuration of the search with this plan: its first was asked for."""
    key = run_key(asked)
    configuration = asked["configuration"]
    name = naming.run_name(configuration, key.configuration_id, key.confirmation_seed)
    run = RunView(key, name, naming.milliseconds(asked))
    run.params = {
        naming.key(name): naming.param_value(value) for name, value in configuration.items()
    }
    run.tag(
        search_id=plan["search_id"],
        search_name=plan["name"],
        trainable=plan_view.name_of(plan, "trainable"),
        kind=key.kind,
        configuration_id=key.configuration_id,
        confirmation_seed=key.confirmation_seed or None,
        origin=asked.get("origin"),
        phase=asked["phase"],
    )
    return run


def describe_trial(run: RunView, asked: Mapping[str, Any]) -> None:
    """Tag a run with its latest trial."""
    trials = run.tags.get("automl.trials")
    number = str(asked["number"])
    if number not in (trials or "").split(", "):
        trials = f"{trials}, {number}" if trials else number
    run.tag(
        trials=trials,
        budget=asked.get("budget"),
        bracket=asked.get("bracket"),
        rung=asked.get("rung"),
        seed=asked.get("seed"),
    )


def add_result(run: RunView, asked: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    """Add what a finished trial has to say beyond its epochs, at its budget as step."""
    time, step = naming.milliseconds(event), round(asked["budget"])
    run.add(event.get("metrics") or {}, time, step)
    run.add({"loss": event.get("loss")}, time, step)
