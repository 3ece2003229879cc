"""How the search went: brackets, origins, failures, and the best configurations."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.formatting import MISSING, configuration, counted, percent, quantity
from automl.report.access import budget_unit, mapping, real, rows, text, whole

_BEST = 10
_LONGEST = 160

_REASONS = {
    "diverged": "the loss was no longer finite",
    "out_of_memory": "it did not fit into memory",
    "infeasible": "the configuration cannot be trained on these images",
    "hopeless": "training was no better than always answering the largest class",
    "crashed": "the program ended with an error",
    "timed_out": "it ran beyond its time limit",
}


@dataclass(frozen=True)
class RungRow:
    """One rung of one bracket."""

    bracket: str
    rung: str
    budget: str
    planned: str
    finished: str
    failed: str
    best: str


@dataclass(frozen=True)
class FailureRow:
    """The trials that failed with one status, and the reason given most often."""

    status: str
    trials: str
    meaning: str
    reason: str


@dataclass(frozen=True)
class ConfigurationRow:
    """One of the best configurations."""

    identifier: str
    text: str
    origin: str
    budget: str
    accuracy: str


@dataclass(frozen=True)
class Search:
    """The search, for the page; ``facts`` are (label, value) pairs."""

    unit: str
    facts: tuple[tuple[str, str], ...]
    rungs: tuple[RungRow, ...]
    failures: tuple[FailureRow, ...]
    best: tuple[ConfigurationRow, ...]
    total: str


def search(results: Mapping[str, Any]) -> Search:
    """What the search did, for the page."""
    configurations = rows(results, "configurations")
    return Search(
        unit=budget_unit(results),
        facts=tuple(_facts(results)),
        rungs=tuple(_rungs(results)),
        failures=tuple(_failures(results)),
        best=tuple(_best(configurations)),
        total=counted(len(configurations), "configurations"),
    )


def _facts(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    trials = mapping(results, "trials")
    unit = budget_unit(results)
    facts = []
    model, random = whole(trials, "model_based"), whole(trials, "random")
    fallback = whole(trials, "fallback") or 0
    if model is not None and random is not None and model + random:
        drawn = model + random + fallback
        picks = f"{quantity(model)} of {counted(drawn, 'configurations')}"
        picks += f" ({percent(model / drawn)}), the rest at random"
        if fallback:
            picks += f", {quantity(fallback)} of them as the model had no candidate"
        facts.append(("model-based picks", picks))
    in_turn = whole(trials, "grid")
    if in_turn:
        facts.append(("grid", f"{counted(in_turn, 'configurations')} in turn"))
    given = whole(trials, "warm_start")
    if given:
        facts.append(("warm start", f"{counted(given, 'configurations')} given, not drawn"))
    promoted = whole(trials, "promoted")
    if promoted:
        facts.append(("promotions", f"{counted(promoted, 'trials')} went on from a smaller budget"))
    saved, spent = real(trials, "budget_saved"), real(trials, "budget_spent")
    if saved:
        share = f" ({percent(saved / (saved + spent))})" if spent is not None else ""
        facts.append(("saved by continuing", f"{counted(saved, unit)}{share}"))
    answered = whole(trials, "answered")
    if answered:
        facts.append(
            ("answered from the ledger", f"{counted(answered, 'trials')} equal to a finished one")
        )
    median = real(results, "median_validation_accuracy")
    if median is not None:
        facts.append(
            ("median configuration", f"{percent(median)} validation accuracy, failed ones as 0")
        )
    return facts


def _failures(results: Mapping[str, Any]) -> list[FailureRow]:
    failed = mapping(mapping(results, "trials"), "failed")
    return [
        FailureRow(
            status=status.replace("_", " "),
            trials=quantity(whole(failed, status)),
            meaning=_REASONS.get(status, ""),
            reason=_usual_reason(results, status),
        )
        for status in failed
        if whole(failed, status)
    ]


def _usual_reason(results: Mapping[str, Any], status: str) -> str:
    """The reason most often given by configurations that ended so, the first of equally many."""
    given = Counter(
        text(one, "reason")
        for one in rows(results, "configurations")
        if text(one, "status") == status and text(one, "reason")
    )
    reason = given.most_common(1)[0][0] if given else ""
    return reason if len(reason) <= _LONGEST else f"{reason[: _LONGEST - 1]}…"


def _rungs(results: Mapping[str, Any]) -> list[RungRow]:
    brackets = rows(results, "brackets")
    if sum(len(rows(bracket, "rungs")) for bracket in brackets) < 2:
        return []  # every trial at one budget: the counts above say it
    return [
        RungRow(
            bracket=text(bracket, "index", MISSING),
            rung=str(index),
            budget=quantity(real(rung, "budget")),
            planned=quantity(real(rung, "planned")),
            finished=quantity(real(rung, "finished")),
            failed=quantity(real(rung, "failed")),
            best=percent(real(rung, "best")),
        )
        for bracket in brackets
        for index, rung in enumerate(rows(bracket, "rungs"))
    ]


def _best(configurations: list[Mapping[str, Any]]) -> list[ConfigurationRow]:
    finished = [one for one in configurations if real(one, "validation_accuracy") is not None]
    # The order of the incumbent: a result at a larger budget outranks one at a smaller.
    finished.sort(
        key=lambda one: (
            real(one, "budget") or 0.0,
            one.get("within_limit") is not False,
            real(one, "validation_accuracy") or 0.0,
        ),
        reverse=True,
    )
    return [
        ConfigurationRow(
            identifier=text(one, "configuration_id", MISSING)[:8],
            text=configuration(mapping(one, "configuration")),
            origin=text(one, "origin", MISSING),
            budget=quantity(real(one, "budget")),
            accuracy=percent(real(one, "validation_accuracy")),
        )
        for one in finished[:_BEST]
    ]
