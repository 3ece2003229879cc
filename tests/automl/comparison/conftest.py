"""Finished searches, made through the ledger itself."""

from __future__ import annotations

import hashlib
import json

import pytest

from automl.ledger import Ledger
from automl.objective import Objective
from automl.predictions import to_digits
from automl.statistics import wilson_interval

CLASSES = {
    "synthetic": ["blank", "no-crystal", "weak", "good", "strong"],
    "real_raw": ["no-diffraction", "diffraction"],
}
LABELS = {"synthetic": [i % 5 for i in range(60)], "real_raw": [i % 2 for i in range(40)]}
FOLDED = {"synthetic": (0, 0, 1, 1, 1), "real_raw": (0, 1)}


def configuration_id(values):
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]


def wrong_at(domain, places):
    """Predictions of a domain's test images, wrong at some of them."""
    labels, size = LABELS[domain], len(CLASSES[domain])
    return [(label + (i in places)) % size for i, label in enumerate(labels)]


def evaluated(domain, predicted, recorded, digest, kind="full"):
    labels, classes = LABELS[domain], CLASSES[domain]
    if kind == "binary":
        labels, predicted = ([FOLDED[domain][i] for i in of] for of in (labels, predicted))
        classes = CLASSES["real_raw"]
    size = len(classes)
    confusion = [[0] * size for _ in range(size)]
    for label, guess in zip(labels, predicted, strict=True):
        confusion[label][guess] += 1
    correct = sum(confusion[i][i] for i in range(size))
    by_image = {
        "predicted": to_digits(predicted, size),
        "labels": to_digits(labels, size),
        "digest": digest,
    }
    return {
        "domain": domain,
        "split": "test",
        "n": len(labels),
        "classes": classes,
        "confusion": confusion,
        "seconds": 0.1,
        **(by_image if recorded else {}),
        "correct": correct,
        "accuracy": correct / len(labels),
        "interval": list(wilson_interval(correct, len(labels))),
    }


def write_search(
    runs,
    name,
    *,
    seed=0,
    select="synthetic",
    algorithm="random",
    search="stub_search",
    data="d" * 64,
    split="s" * 64,
    recorded=True,
    wrong=(0, 1, 2),
    wrong_real=(0, 1, 2, 3),
    trials=4,
    best=0.9,
    group=None,
    uri=None,
    kind="a",
    surrogate=True,
    closed=True,
    parameters=None,
    space=None,
    more=None,
    labels="full",
    objective=None,
    latencies=(),
    confirmed=-1,
):
    """Write the ledger of a search of configurations at one budget, the last the most accurate.

    Args:
        objective: Its section of the configuration; None for none, as in old ledgers.
        latencies: Milliseconds of each trial, the confirmation's last.
        confirmed: Place of the configuration that is confirmed and chosen.
    """
    folder = runs / name
    folder.mkdir(parents=True)
    counts = {
        domain: {s: {"x": len(labels)} for s in ("train", "validation", "test")}
        for domain, labels in LABELS.items()
    }
    config = {
        "name": name,
        "seed": seed,
        "select": select,
        "labels": labels,
        "search": {"name": search, "description": "", "group": group},
        "data": {"name": "stub", "problem": "comparing", "options": {}},
        "scale": {"name": "smoke"},
        "trainable": {"name": "deepfreak", "options": {}},
        "space": {"name": "stub", **({"parameters": space} if space else {})},
        "algorithm": {"name": algorithm, "trials": trials},
        "paths": {"runs": str(runs), "cache": "data"},
        "tracking": {"uri": uri, "experiment": "comparing", "artifacts": None},
        **({"objective": objective} if objective else {}),
        **(more or {}),
    }
    latency = dict(enumerate(latencies))
    loss = Objective(**(objective or {})).loss
    with Ledger(folder) as ledger:
        ledger.append(
            "plan",
            search_id=hashlib.sha256(name.encode()).hexdigest()[:32],
            name=name,
            seed=seed,
            config=config,
            config_digest="c" * 64,
            plan={"brackets": [], "trials": trials, "budget": 2 * trials},
            provenance={"git": "abc", "python": "3.11", "versions": {"numpy": "2"}, "hardware": {}},
            workers=2,
            order="asked",
            lookahead=1.0,
            select=select,
            labels=labels,
            budget_unit="epochs",
            initial=[],
            data={"name": "stub", "digest": data, "surrogate": surrogate, "counts": counts},
            views={},
        )
        found = []
        for number in range(trials):
            found.append(parameters or {"x": number / 10, "kind": kind})
            accuracy = best - 0.1 * (trials - 1 - number) / trials
            train(ledger, number, found[-1], accuracy, loss, latency.get(number))
        chosen = found[confirmed]
        confirmation = {"phase": "confirmation", "origin": "confirmation"}
        train(ledger, trials, chosen, best, loss, latency.get(trials), **confirmation)
        if not closed:
            return folder
        ledger.append(
            "chosen",
            configuration_id=configuration_id(chosen),
            confirmation_seed=0,
            number=trials,
        )
        ledger.append("unsealed")
        for domain, places in (("synthetic", wrong), ("real_raw", wrong_real)):
            predicted = wrong_at(domain, places)
            ledger.append("evaluated", **evaluated(domain, predicted, recorded, split, labels))
        ledger.append("closed")
    return folder


def train(
    ledger, number, configuration, accuracy, loss, latency=None, phase="search", origin="random"
):
    confirmation = phase == "confirmation"
    ledger.append(
        "asked",
        number=number,
        phase=phase,
        configuration_id=configuration_id(configuration),
        configuration=configuration,
        budget=2,
        bracket=None if confirmation else 0,
        rung=None if confirmation else 0,
        previous_budget=None,
        origin=origin,
        seed=100 + number,
        confirmation_seed=0 if confirmation else None,
    )
    ledger.append("started", number=number, attempt=1)
    metrics = {"validation_accuracy": accuracy}
    told = loss(accuracy, latency)
    for epoch in (1, 2):
        ledger.append("reported", number=number, epoch=epoch, metrics=metrics)
    if latency is not None:
        metrics = {**metrics, "latency_ms": latency}
    ledger.append("finished", number=number, loss=told, metrics=metrics, answered_by=None)


@pytest.fixture(scope="session", name="write_search")
def _write_search():
    return write_search
