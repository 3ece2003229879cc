"""What the progress display writes, to the letter, from a ledger's events."""

import io
import re
import time

import pytest

from automl.progress import Progress

PLAN = {
    "event": "plan",
    "time": 0.0,
    "name": "demo",
    "budget_unit": "epochs",
    "workers": 2,
    "plan": {
        "brackets": [{"index": 0, "rungs": [[3, 1], [1, 3]]}],
        "trials": 4,
        "configurations": 3,
        "budget": 6,
        "budget_continued": 5,
        "confirmation_trials": 1,
    },
}
CONFIGURATION = {"topology": 8, "learning_rate": 8.4474e-4}


def asked(at, number, *, budget=1, rung=0, origin="random", previous=None, configuration=3):
    return {
        "event": "asked",
        "time": at,
        "number": number,
        "phase": "search",
        "configuration_id": f"c{configuration}",
        "configuration": CONFIGURATION,
        "budget": budget,
        "bracket": 0,
        "rung": rung,
        "previous_budget": previous,
        "origin": origin,
        "seed": 5,
        "confirmation_seed": None,
    }


def started(at, number, attempt=1):
    return {"event": "started", "time": at, "number": number, "attempt": attempt}


def reported(at, number, epoch, accuracy):
    metrics = {"validation_accuracy": accuracy, "train_loss": 0.3}
    return {"event": "reported", "time": at, "number": number, "epoch": epoch, "metrics": metrics}


def finished(at, number, accuracy, answered_by=None):
    return {
        "event": "finished",
        "time": at,
        "number": number,
        "loss": 1 - accuracy,
        "metrics": {"validation_accuracy": accuracy},
        "answered_by": answered_by,
        "seconds": 1.0,
    }


def failed(at, number, status="diverged", reason="non-finite loss at step 3 of epoch 1"):
    return {
        "event": "failed",
        "time": at,
        "number": number,
        "status": status,
        "reason": reason,
        "seconds": 1.0,
    }


SEARCH = [
    asked(1, 0, configuration=0),
    started(1, 0),
    asked(1, 1, configuration=1),
    started(1, 1),
    reported(4, 0, 1, 0.5),
    finished(4, 0, 0.5),
    asked(4, 2, origin="model", configuration=2),
    started(4, 2),
    failed(5, 1),
    reported(7, 2, 1, 0.75),
    finished(7, 2, 0.75),
    asked(7, 3, budget=3, rung=1, origin="promoted", previous=1, configuration=2),
    started(7, 3),
    reported(10, 3, 2, 0.74),
    reported(13, 3, 3, 0.74),
    finished(13, 3, 0.74),
]
REST = [
    {
        **asked(13, 4, budget=3, origin="confirmation", configuration=2),
        "phase": "confirmation",
        "bracket": None,
        "rung": None,
        "seed": 77,
        "confirmation_seed": 0,
    },
    started(13, 4),
    *(reported(14 + epoch, 4, epoch, 0.8) for epoch in (1, 2, 3)),
    finished(17, 4, 0.8),
    {"event": "chosen", "time": 17, "configuration_id": "c2", "confirmation_seed": 0, "number": 4},
    {"event": "unsealed", "time": 17},
    {
        "event": "evaluated",
        "time": 18,
        "domain": "real_preprocessed",
        "split": "test",
        "n": 91,
        "correct": 86,
        "accuracy": 86 / 91,
        "interval": [0.8778, 0.9763],
    },
    {"event": "closed", "time": 80},
]
WHOLE = """\
search demo: 5 trials, 8 epochs, 1 trial of them to confirm, 2 workers
[1/5] trial 0 50.0 % after 1 epoch, random: topology=8 learning_rate=0.000845  * new best
[2/5] trial 1 failed, diverged: non-finite loss at step 3 of epoch 1; topology=8 learning_rate=0.000845
[3/5] trial 2 75.0 % after 1 epoch, model: topology=8 learning_rate=0.000845  * new best
bracket 0 rung 0 closed: 3 trials after 1 epoch, best 75.0 %, 1 go on
[4/5] trial 3 74.0 % after 3 epochs, promoted: topology=8 learning_rate=0.000845  * new best
bracket 0 closed at rung 1: 1 trial after 3 epochs, best 74.0 %
confirmation: 1 trial; 4 of 5 trials done, 1 failed, best 74.0 %
[5/5] trial 4 80.0 % after 3 epochs, seed 77: topology=8 learning_rate=0.000845
chosen: trial 4, topology=8 learning_rate=0.000845
test splits opened, once
real preprocessed test: 94.5 % (87.8–97.6), 86 of 91 images
search closed after 1 min 19 s: 5 of 5 trials done, 1 failed, best 74.0 %
"""  # noqa: E501


def shown(events, plan=PLAN, **options):
    stream = io.StringIO()
    with Progress(plan, stream, **options) as progress:
        for event in events:
            progress.event(event)
    return stream.getvalue()


def test_a_whole_search_to_the_letter():
    assert shown([*SEARCH, *REST]) == WHOLE
