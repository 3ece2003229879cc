"""Makes the events of a synthetic search: a ledger without a search behind it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]

START = 1_700_000_000.0


@dataclass
class LedgerMaker:
    """Appends events a second apart, as the driver would."""

    name: str = "deepfreak_bohb-smoke-seed0"
    search_id: str = "5e" * 16
    events: list[Event] = field(default_factory=list)
    clock: float = START

    def add(self, event: str, **fields: Any) -> Event:
        self.clock += 1.0
        record = {"event": event, "time": self.clock, **fields}
        self.events.append(record)
        return record

    def plan(self, **changes: Any) -> Event:
        return self.add("plan", **{**plan_fields(self.name, self.search_id), **changes})

    def asked(self, number: int, configuration: dict, budget: int, **changes: Any) -> Event:
        fields = {
            "number": number,
            "phase": "search",
            "configuration_id": configuration_id(configuration),
            "configuration": configuration,
            "budget": budget,
            "bracket": 0,
            "rung": 0,
            "previous_budget": None,
            "origin": "random",
            "seed": 100 + number,
            "confirmation_seed": None,
        }
        return self.add("asked", **{**fields, **changes})

    def trained(self, number: int, first: int, last: int, best: float = 0.8) -> None:
        """A trial that starts, reports epochs ``first`` to ``last`` and finishes."""
        self.add("started", number=number, attempt=1)
        metrics: dict[str, Any] = {}
        for epoch in range(first, last + 1):
            metrics = epoch_metrics(epoch, best)
            self.add("reported", number=number, epoch=epoch, metrics=metrics)
        loss = 1 - metrics["validation_accuracy"]
        self.add(
            "finished", number=number, loss=loss, metrics=metrics, answered_by=None, seconds=2.5
        )


def epoch_metrics(epoch: int, best: float = 0.8) -> dict[str, float]:
    accuracy = best * epoch / (epoch + 1)
    return {
        "train_loss": 1 / epoch,
        "train_accuracy": accuracy,
        "validation_loss": 1.5 / epoch,
        "validation_accuracy": accuracy,
        "learning_rate": 0.01,
        "seconds": 0.5,
    }


def configuration(topology: int, rate: float = 4.8e-3) -> dict[str, Any]:
    return {"topology": topology, "learning_rate": rate, "batch_size": 8, "momentum": 0.9}


def configuration_id(values: dict) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]


def plan_fields(name: str, search_id: str) -> dict[str, Any]:
    counts = {
        "synthetic": {
            "train": {"blank": 5, "good": 7},
            "validation": {"good": 4},
            "test": {"good": 9},
        },
        "real_raw": {"validation": {"diffraction": 3}, "test": {"diffraction": 2}},
    }
    return {
        "search_id": search_id,
        "name": name,
        "seed": 0,
        "config": {
            "search": {"name": "deepfreak_bohb", "description": "BOHB over topologies"},
            "algorithm": {"name": "bohb", "eta": 3},
            "trainable": {"name": "deepfreak", "options": {"width": 0.125, "blocks": [1, 1, 1, 1]}},
            "space": {
                "name": "deepfreak",
                "long": "x" * 2000,
                "parameters": {name: {"default": 1} for name in configuration(1)},
            },
            "scale": {"name": "smoke"},
            "seed": 0,
        },
        "config_digest": "c0ffee",
        "plan": {
            "brackets": [{"index": 0, "rungs": [[3, 1], [1, 3]]}],
            "trials": 4,
            "configurations": 3,
            "budget": 6,
            "budget_continued": 5,
            "confirmation_trials": 2,
        },
        "data": {
            "name": "diffranet",
            "kind": "simulated",
            "digest": "d" * 64,
            "surrogate": True,
            "counts": counts,
            "note": "simulated surrogate",
        },
        "provenance": {"git": "abc1234", "versions": {}, "hardware": {}, "python": "3.11"},
        "workers": 2,
        "order": "asked",
        "select": "synthetic",
        "budget_unit": "epochs",
    }


def whole_search() -> list[Event]:
    """Three configurations at budget 1, one diverged, the best promoted to 3 and confirmed."""
    ledger = LedgerMaker()
    ledger.plan()
    a, b, c = configuration(10), configuration(6, 1e-2), configuration(1, 3.0)
    ledger.asked(0, a, 1)
    ledger.asked(1, b, 1, origin="model")
    ledger.trained(0, 1, 1, best=0.9)
    ledger.trained(1, 1, 1, best=0.5)
    ledger.asked(2, c, 1)
    ledger.add("started", number=2, attempt=1)
    ledger.add("failed", number=2, status="diverged", reason="loss is NaN", seconds=0.3)
    ledger.asked(3, a, 3, rung=1, previous_budget=1, origin="promoted")
    ledger.trained(3, 2, 3, best=0.9)
    for index in range(2):
        number = 4 + index
        ledger.asked(
            number,
            a,
            4,
            phase="confirmation",
            origin="confirmation",
            confirmation_seed=index,
            bracket=None,
            rung=None,
        )
        ledger.trained(number, 1, 4, best=0.9)
    ledger.add("chosen", configuration_id=configuration_id(a), confirmation_seed=1, number=5)
    ledger.add("unsealed")
    for domain, accuracy in (("synthetic", 8 / 9), ("real_raw", 0.5)):
        ledger.add(
            "evaluated",
            domain=domain,
            split="test",
            n=9,
            classes=["blank", "good"],
            confusion=[[4, 1], [0, 4]],
            accuracy=accuracy,
            correct=8,
            interval=[accuracy - 0.1, accuracy + 0.1],
            seconds=0.1,
        )
    ledger.add("closed")
    return ledger.events


def results() -> dict[str, Any]:
    a = configuration(10)
    diffraction = {"accuracy": 0.9, "interval": [0.8, 0.95], "correct": 9, "missed": 1, "n": 10}
    domain = {
        "domain": "synthetic",
        "split": "test",
        "n": 9,
        "correct": 8,
        "accuracy": 8 / 9,
        "interval": [0.7, 0.95],
        "diffraction": diffraction,
    }
    return {
        "name": "deepfreak_bohb-smoke-seed0",
        "trainable": "deepfreak",
        "select": "synthetic",
        "labels": "full",
        "data": {"digest": "d" * 64},
        "incumbent": {
            "configuration_id": configuration_id(a),
            "configuration": a,
            "budget": 3,
            "validation_accuracy": 0.675,
        },
        "median_validation_accuracy": 0.25,
        "trials": {"planned": 4, "finished": 3, "failed": {"diverged": 1}, "budget_spent": 5},
        "confirmation": [
            {
                "configuration_id": configuration_id(a),
                "configuration": a,
                "mean": 0.72,
                "interval": [0.7, 0.74],
                "seeds": [{}, {}],
                "chosen": True,
            }
        ],
        "evaluation": {"domains": [domain]},
    }
