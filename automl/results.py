"""``results.json``: everything a search found, computed from its ledger alone.

Equal searches have equal results, but for the key ``times``.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from automl.elapsed import worked
from automl.objective import excess
from automl.objective.front import trade
from automl.selection import confirmed, mean_accuracy
from automl.state import CONFIRMATION, SEARCH, SearchState, Trial, best_first, rank
from automl.statistics import (
    binary_summary,
    collapse,
    mean_interval,
    precision_recall,
    wilson_interval,
)

Json = dict[str, Any]
_CURVE = ("train_accuracy", "validation_accuracy", "train_loss", "validation_loss")


def results(
    state: SearchState,
    events: Sequence[Mapping[str, Any]],
    binary: tuple[Sequence[str], Sequence[int]] | None,
) -> Json:
    """Return the results of a search, also of one that is not over.

    Args:
        state: The ledger, folded.
        events: The ledger's events.
        binary: Classes and projection of the training domain's two-class view, if it has one.
    """
    plan = state.plan
    assert plan is not None
    config = plan["config"]
    trials = state.phase(SEARCH)
    best = best_first(trials)
    traded = trade(state)
    return {
        "name": plan["name"],
        "search": config["search"]["name"],
        "scale": config["scale"]["name"],
        "seed": plan["seed"],
        "select": plan["select"],
        "labels": plan.get("labels", "full"),
        "trainable": config["trainable"]["name"],
        "space": config["space"]["name"],
        "algorithm": config["algorithm"]["name"],
        "order": plan["order"],
        "lookahead": plan.get("lookahead", 1.0),
        "workers": plan["workers"],
        "budget_unit": plan["budget_unit"],
        "incumbent": _summary(best[0]) if best else None,
        "median_validation_accuracy": _median_accuracy(trials),
        "trajectory": _trajectory(trials),
        "trials": _counts(plan, trials),
        "brackets": _brackets(plan, trials),
        "configurations": _configurations(state, trials),
        "confirmation": _confirmation(state, plan),
        "evaluation": _evaluation(state, binary),
        **({} if traded is None else {"objective": traded}),
        "data": plan["data"],
        "provenance": plan["provenance"],
        "times": _times(events, state, plan),
    }


def write_json(values: Json, path: Path) -> None:
    """Write JSON so that a reader finds the old file or the new one, never half of one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(values, indent=1, allow_nan=False) + "\n")
    temporary.replace(path)


def _summary(trial: Trial) -> Json:
    return {
        "configuration_id": trial.configuration_id,
        "configuration": trial.configuration,
        "budget": trial.budget,
        "validation_accuracy": trial.accuracy,
    }


def _largest(trials: Sequence[Trial]) -> dict[str, Trial]:
    """Return each configuration's trial at its largest budget, finished or failed."""
    largest: dict[str, Trial] = {}
    for trial in trials:
        known = largest.get(trial.configuration_id)
        if trial.ended and (known is None or trial.budget > known.budget):
            largest[trial.configuration_id] = trial
    return largest


def _median_accuracy(trials: Sequence[Trial]) -> float | None:
    accuracies = [trial.accuracy or 0.0 for trial in _largest(trials).values()]
    return median(accuracies) if accuracies else None


def _trajectory(trials: Sequence[Trial]) -> list[Json]:
    """Return the incumbent after each trial, in the order of asks, against the budget spent."""
    steps: list[Json] = []
    spent = 0
    best: tuple[float, float, float] | None = None
    for trial in trials:
        spent += len(trial.epochs)
        if trial.accuracy is not None and (best is None or rank(trial) < best):
            best = rank(trial)
            steps.append(
                {
                    "number": trial.number,
                    "spent": spent,
                    "budget": trial.budget,
                    "validation_accuracy": trial.accuracy,
                }
            )
    return steps


def _counts(plan: Mapping[str, Any], trials: Sequence[Trial]) -> Json:
    failed = Counter(trial.status for trial in trials if trial.ended and not trial.finished)
    origins = Counter(trial.origin for trial in trials)
    spent = sum(len(trial.epochs) for trial in trials)
    from_scratch = sum(trial.budget for trial in trials if trial.finished)
    of_finished = sum(len(trial.epochs) for trial in trials if trial.finished)
    return {
        "planned": plan["plan"]["trials"],
        "finished": sum(trial.finished for trial in trials),
        "failed": dict(sorted(failed.items())),
        "answered": sum(trial.answered_by is not None for trial in trials),
        "model_based": origins["model"],
        "random": origins["random"],
        "grid": origins["grid"],
        "warm_start": origins["warm_start"],
        "fallback": origins["fallback"],
        "promoted": origins["promoted"],
        "budget_planned": plan["plan"]["budget"],
        "budget_spent": spent,
        "budget_saved": from_scratch - of_finished,
    }


def _brackets(plan: Mapping[str, Any], trials: Sequence[Trial]) -> list[Json]:
    groups: defaultdict[tuple[int, int], list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial.bracket or 0, trial.rung or 0].append(trial)
    brackets = []
    for bracket in plan["plan"]["brackets"]:
        rungs = []
        for rung, (planned, budget) in enumerate(bracket["rungs"]):
            here = groups[bracket["index"], rung]
            rungs.append(
                {
                    "budget": budget,
                    "planned": planned,
                    "finished": sum(trial.finished for trial in here),
                    "failed": sum(trial.ended and not trial.finished for trial in here),
                    "best": max((t.accuracy for t in here if t.accuracy is not None), default=None),
                }
            )
        brackets.append({"index": bracket["index"], "rungs": rungs})
    return brackets


def _configurations(state: SearchState, trials: Sequence[Trial]) -> list[Json]:
    first: dict[str, Trial] = {}
    for trial in trials:
        first.setdefault(trial.configuration_id, trial)
    return [
        {
            **_summary(trial),
            "origin": first[trial.configuration_id].origin,
            "bracket": first[trial.configuration_id].bracket,
            "status": trial.status,
            "reason": trial.reason,
            **({"within_limit": False} if excess(trial.loss) else {}),
            "curve": _curve(state, trial),
        }
        for trial in _largest(trials).values()
    ]


def _curve(state: SearchState, trial: Trial) -> list[list[float | int | None]]:
    curve = state.curves.get((trial.configuration_id, trial.seed), {})
    return [
        [epoch, *(metrics.get(name) for name in _CURVE)] for epoch, metrics in sorted(curve.items())
    ]


def _confirmation(state: SearchState, plan: Mapping[str, Any]) -> list[Json]:
    n = sum(plan["data"]["counts"][plan["select"]]["validation"].values())
    chosen = (state.chosen or {}).get("configuration_id")
    entries = []
    for configuration_id, trials in confirmed(state).items():
        seeds = []
        for trial in trials:
            accuracy = trial.accuracy
            correct = None if accuracy is None else round(accuracy * n)
            seeds.append(
                {
                    "seed_index": trial.confirmation_seed,
                    "seed": trial.seed,
                    "status": trial.status,
                    "validation_accuracy": accuracy,
                    "n": n,
                    "correct": correct,
                    "interval": None if correct is None else list(wilson_interval(correct, n)),
                    "curve": _curve(state, trial),
                }
            )
        interval = mean_interval([trial.accuracy or 0.0 for trial in trials], bounds=(0.0, 1.0))
        entries.append(
            {
                "configuration_id": configuration_id,
                "configuration": trials[0].configuration,
                "budget": trials[0].budget,
                "mean": mean_accuracy(trials),
                "interval": None if interval is None else list(interval),
                "seeds": seeds,
                "chosen": configuration_id == chosen,
            }
        )
    return entries


def _evaluation(
    state: SearchState, binary: tuple[Sequence[str], Sequence[int]] | None
) -> Json | None:
    """Return what the chosen model did: test splits, validation splits, and both together."""
    if state.chosen is None:
        return None
    entries = [
        _described({key: event[key] for key in _EVALUATED}, binary)
        for event in state.evaluated.values()
    ]
    tests = [entry for entry in entries if entry["split"] == "test"]
    others = [entry for entry in entries if entry["split"] != "test"]
    return {
        "configuration_id": state.chosen["configuration_id"],
        "seed_index": state.chosen["confirmation_seed"],
        "domains": tests,
        "validation": others,
        "whole": [
            _described(_together(test, other), binary)
            for test in tests
            for other in others
            if other["domain"] == test["domain"]
        ],
    }


def _described(entry: Json, binary: tuple[Sequence[str], Sequence[int]] | None) -> Json:
    quality = precision_recall(entry["confusion"])
    return {
        **entry,
        "precision": list(quality.precision),
        "recall": list(quality.recall),
        "diffraction": _diffraction(entry, binary),
    }


def _together(test: Json, other: Json) -> Json:
    """Return the figures over two splits of a domain."""
    n, correct = test["n"] + other["n"], test["correct"] + other["correct"]
    pairs = zip(test["confusion"], other["confusion"], strict=True)
    return {
        "domain": test["domain"],
        "splits": [other["split"], test["split"]],
        "n": n,
        "classes": test["classes"],
        "confusion": [[a + b for a, b in zip(*rows, strict=True)] for rows in pairs],
        "correct": correct,
        "accuracy": correct / n,
        "interval": list(wilson_interval(correct, n)),
    }


def _diffraction(
    event: Mapping[str, Any], binary: tuple[Sequence[str], Sequence[int]] | None
) -> Json | None:
    """Return the figure of diffraction against none; None where the data do not tell them apart.

    ``hits`` are the images with diffraction; ``missed`` those of them called none, and ``false``
    the other images called diffraction.
    """
    if binary is None:
        return None
    classes, projection = binary
    if list(event["classes"]) == list(classes):
        projection = (0, 1)
    elif len(event["classes"]) != len(projection):
        return None
    summary = binary_summary(collapse(event["confusion"], projection))
    hits, others = summary.positives, summary.n - summary.positives
    return {
        "n": summary.n,
        "correct": summary.correct,
        "accuracy": summary.accuracy,
        "interval": list(summary.interval),
        "hits": hits,
        "missed": summary.missed,
        "missed_interval": list(wilson_interval(summary.missed, hits)),
        "false": summary.false,
        "false_interval": list(wilson_interval(summary.false, others)),
    }


def _times(
    events: Sequence[Mapping[str, Any]], state: SearchState, plan: Mapping[str, Any]
) -> Json:
    """Return wall seconds by phase, the time between a kill and its resumption left out.

    ``classified`` are the images of the final evaluation and the chosen model's seconds for them.
    """
    seconds = {SEARCH: 0.0, CONFIRMATION: 0.0, "evaluation": 0.0}
    phase = SEARCH
    for event, step in zip(events, worked(events), strict=True):
        if event["event"] == "asked":
            phase = event["phase"]
        elif event["event"] == "chosen":
            phase = "evaluation"
        seconds[phase] += step
    classified = list(state.evaluated.values())
    return {
        **{f"{name}_seconds": round(value, 1) for name, value in seconds.items()},
        "total_seconds": round(sum(seconds.values()), 1),
        "classified": {
            "images": sum(event["n"] for event in classified),
            "seconds": round(sum(event["seconds"] for event in classified), 4),
        },
        "identity": {"search_id": plan["search_id"]},
    }


_EVALUATED = ("domain", "split", "n", "classes", "confusion", "correct", "accuracy", "interval")
