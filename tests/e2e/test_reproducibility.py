"""One seed is one search: what decides it, and what must not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from automl.ledger import read_events
from automl.report.build import render

CONF = Path(__file__).parent / "conf"
STUBS = Path(__file__).parents[1] / "automl" / "stubs"
LEARNING = ("tpe", "bohb")


def asked(events):
    """What was asked for, in its order, aside from when."""
    keys = ("number", "phase", "configuration_id", "budget", "origin", "seed")
    return [[event[key] for key in keys] for event in events if event["event"] == "asked"]


def ended(events):
    return [event["number"] for event in events if event["event"] in ("finished", "failed")]


def comparable(results):
    return {key: value for key, value in results.items() if key not in ("times", "provenance")}


def start(folder, *words):
    folder.mkdir()
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "automl.run", f"--config-dir={CONF}", "search=stub"),
            *("name=stub", "tracking=none", *words),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(STUBS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def drive(monkeypatch):
    """The search without Ray, and with the order in which trials end given by a seed."""
    monkeypatch.syspath_prepend(STUBS)
    import bench

    return bench.drive


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_random_delays_in_other_processes_do_not_decide(tmp_path):
    folders = [tmp_path / name for name in ("one", "other")]
    # Both at once: each delays the other's trials as well.
    commands = [start(folder, "order=asked", "+trainable.options.jitter=0.1") for folder in folders]
    for command in commands:
        stdout, stderr = command.communicate(timeout=800)
        assert command.returncode == 0, stdout + stderr
    events = [read_events(folder / "runs/stub/ledger.jsonl")[0] for folder in folders]
    assert any(ended(one) != sorted(ended(one)) for one in events), "no result overtook another"
    assert asked(events[0]) == asked(events[1])
    assert any(event["event"] == "asked" and event["origin"] == "promoted" for event in events[0])
    results = [json.loads((folder / "runs/stub/results.json").read_text()) for folder in folders]
    assert comparable(results[0]) == comparable(results[1])
    assert results[0]["order"] == "asked"
    page = (folders[0] / "runs/stub/report.html").read_text()
    assert "as asked: seed and workers give one search" in page


@pytest.mark.parametrize("algorithm", LEARNING)
def test_equal_arrivals_are_equal_searches(algorithm, drive, tmp_path):
    results, sequences = [], []
    for attempt in ("one", "other"):
        folder = tmp_path / attempt
        results.append(drive(folder, algorithm, order="arrival", workers=3, timing=7))
        sequences.append(asked(read_events(folder / "ledger.jsonl")[0]))
    assert sequences[0] == sequences[1]
    assert comparable(results[0]) == comparable(results[1])
    assert results[0]["order"] == "arrival"


@pytest.mark.parametrize("algorithm", LEARNING)
def test_arrivals_decide_only_where_they_are_told(algorithm, drive, tmp_path):
    found = {}
    for order in ("asked", "arrival"):
        for timing in range(3):
            folder = tmp_path / f"{order}{timing}"
            drive(folder, algorithm, order=order, workers=3, timing=timing)
            sequence = json.dumps(asked(read_events(folder / "ledger.jsonl")[0]))
            found.setdefault(order, set()).add(sequence)
    assert len(found["asked"]) == 1
    assert len(found["arrival"]) > 1


@pytest.mark.parametrize("workers", [2, 4])
def test_the_number_of_workers_is_part_of_the_search(workers, drive, tmp_path):
    folder = tmp_path / str(workers)
    drive(folder, "tpe", workers=workers)
    drive(tmp_path / "one", "tpe", workers=1)
    sequences = [asked(read_events(at / "ledger.jsonl")[0]) for at in (folder, tmp_path / "one")]
    assert sequences[0] != sequences[1]


@pytest.mark.parametrize(
    ("order", "words"), [("asked", "as asked: seed and"), ("arrival", "as they arrived: the")]
)
def test_the_report_says_which_order_it_was(order, words, drive, tmp_path):
    results = drive(tmp_path / "run", "random", order=order)
    page = render(results, figures={})
    assert words in page
    assert page.count("order of results") == 1
