"""The ledger of a BOHB-like search that never ran, for measurements of MLflow's pages."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from typing import Any

Event = dict[str, Any]
NAME = "synthetic-bohb"
RUNGS = (1, 3, 9, 27)
_START = 1_700_000_000.0
_PARAMETERS = (
    "topology",
    "learning_rate",
    "momentum",
    "weight_decay",
    "batch_size",
    "gamma",
    "augmentation",
)


def events(configurations: int, seed: int = 0) -> Iterator[Event]:
    """Yield a whole search: of three configurations on a rung one is promoted to the next.

    Args:
        configurations: How many; each is a run of MLflow's below that of the search.
        seed: Of values and accuracies.
    """
    clock, rng = _START, random.Random(seed)

    def event(kind: str, **fields: Any) -> Event:
        nonlocal clock
        clock += 0.5
        return {"event": kind, "time": clock, **fields}

    yield event("plan", **_plan(configurations))
    number = 0
    for index in range(configurations):
        values = _configuration(rng)
        text = json.dumps([index, values], sort_keys=True)
        identity = hashlib.sha256(text.encode()).hexdigest()[:12]
        best, reached = rng.uniform(0.3, 0.95), 0
        for rung, budget in enumerate(RUNGS):
            if index % 3**rung:
                break
            yield event(
                "asked",
                number=number,
                phase="search",
                configuration_id=identity,
                configuration=values,
                budget=budget,
                bracket=0,
                rung=rung,
                previous_budget=reached or None,
                origin="promoted" if rung else "model",
                seed=number,
                confirmation_seed=None,
            )
            yield event("started", number=number, attempt=1)
            metrics: dict[str, float] = {}
            for epoch in range(reached + 1, budget + 1):
                metrics = _metrics(best, epoch)
                yield event("reported", number=number, epoch=epoch, metrics=metrics)
            loss = 1 - metrics["validation_accuracy"]
            yield event(
                "finished",
                number=number,
                loss=loss,
                metrics=metrics,
                answered_by=None,
                seconds=2.5,
            )
            reached, number = budget, number + 1
    yield event("closed")


def _configuration(rng: random.Random) -> dict[str, Any]:
    return {
        "topology": rng.randrange(1, 14),
        "learning_rate": 10 ** rng.uniform(-4, 1),
        "momentum": rng.uniform(0.5, 1),
        "weight_decay": 10 ** rng.uniform(-8, -1),
        "batch_size": 2 ** rng.randrange(2, 7),
        "gamma": rng.uniform(0, 1),
        "augmentation": rng.random() < 0.5,
    }


def _metrics(best: float, epoch: int) -> dict[str, float]:
    accuracy = best * epoch / (epoch + 1)
    return {
        "train_loss": 1 / epoch,
        "train_accuracy": accuracy,
        "validation_loss": 1.5 / epoch,
        "validation_accuracy": accuracy,
        "learning_rate": 0.01,
        "seconds": 0.5,
    }


def _plan(configurations: int) -> Event:
    counts = {
        "synthetic": {"train": {"blank": 8, "good": 8}, "validation": {"good": 8}},
        "real_raw": {"validation": {"diffraction": 8}},
    }
    return {
        "search_id": f"{configurations:032x}",
        "name": NAME,
        "seed": 0,
        "config": {
            "search": {"name": NAME, "description": "A search that never ran"},
            "algorithm": {"name": "bohb", "eta": 3},
            "trainable": {"name": "deepfreak"},
            "space": {"name": "deepfreak", "parameters": {name: {} for name in _PARAMETERS}},
            "scale": {"name": "synthetic"},
        },
        "config_digest": "0" * 16,
        "data": {"name": "none", "digest": "0" * 64, "counts": counts, "note": "no images"},
        "provenance": {},
        "order": "asked",
        "select": "synthetic",
        "budget_unit": "epochs",
    }
