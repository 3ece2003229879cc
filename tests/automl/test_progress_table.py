"""The table at a terminal's foot, read as a person reads it: line by line, at two widths."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from automl.progress import Progress
from automl.progress.narrator import Narrator
from automl.progress.rows import table
from automl.progress.shapes import cells, sparkline
from automl.progress.snapshot import Snapshot

LONG = {"topology": 8, "learning_rate": 8.4e-4, "weights": [0.35, 0.35, 0.1, 0.1, 0.1], "depth": 4}
PLAN = {
    "name": "demo",
    "budget_unit": "epochs",
    "workers": 2,
    "plan": {
        "brackets": [
            {"index": 0, "rungs": [[3, 1], [1, 3]]},
            {"index": 1, "rungs": [[2, 3]]},
        ],
        "trials": 6,
        "budget_continued": 11,
        "confirmation_trials": 1,
    },
}


def asked(at, number, budget=1, bracket=0, rung=0, previous=None):
    return {
        "event": "asked",
        "time": at,
        "number": number,
        "phase": "search",
        "configuration_id": f"c{number}",
        "configuration": LONG,
        "budget": budget,
        "bracket": bracket,
        "rung": rung,
        "previous_budget": previous,
        "origin": "random",
        "seed": 5,
    }


def started(at, number):
    return {"event": "started", "time": at, "number": number, "attempt": 1}


def reported(at, number, epoch, accuracy):
    metrics = {"validation_accuracy": accuracy}
    return {"event": "reported", "time": at, "number": number, "epoch": epoch, "metrics": metrics}


def finished(at, number, accuracy):
    metrics = {"validation_accuracy": accuracy}
    fields = {"loss": 1 - accuracy, "metrics": metrics, "answered_by": None}
    return {"event": "finished", "time": at, "number": number, **fields}


def failed(at, number, status="timed_out"):
    return {"event": "failed", "time": at, "number": number, "status": status, "reason": "too long"}


STORY = [
    {"event": "plan", "time": 0},
    asked(100, 0),
    started(100, 0),
    asked(100, 1),
    started(100, 1),
    reported(110, 0, 1, 0.25),
    finished(110, 0, 0.25),
    asked(110, 2),
    started(110, 2),
    failed(115, 1),
    reported(120, 2, 1, 0.75),
    finished(120, 2, 0.75),
    asked(120, 3, 3, rung=1, previous=1),
    started(120, 3),
    asked(120, 4, 3, bracket=1),
    started(120, 4),
    reported(124, 4, 1, 0.5),
    reported(128, 4, 2, 0.6),
]


def snapshot(events=STORY, plan=PLAN):
    narrator = Narrator(plan)
    for event in events:
        narrator.tell(event)
    return Snapshot.of(narrator, None, 1000.0)


def drawn(shot, width=80, later=0.0):
    console = Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None)
    console.print(table(shot, 1000.0 + later))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def starting(lines, label):
    return next(line for line in lines if line.startswith(label))


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_its_terminal_and_says_what_there_is(width):
    lines = drawn(snapshot(), width)
    assert max(map(len, lines)) <= width
    assert starting(lines, "search").endswith("3/7 trials 4/14 epochs")
    best = starting(lines, "best")
    assert "75.0 % after 1 epoch, trial 2" in best
    assert "25.0 % ▁█ 75.0 %" in best
    # The whole configuration, on a second line where one is too short.
    assert "depth=4" in " ".join(lines)
    assert "bracket 0: 1 ■■■ 3/3  3 □ 0/1" in starting(lines, "rungs")
    assert any("bracket 1: 3 □□ 0/2" in line for line in lines)
    assert any("0 of 2 brackets closed" in line for line in lines)
    assert starting(lines, "failed") == "failed 1 timed out; last: trial 1, too long"


def test_running_trials_show_epoch_accuracy_and_rate():
    lines = drawn(snapshot())
    first = starting(lines, "now")
    assert "trial 3" in first
    assert "0 of 3 epochs" in first
    assert first.endswith("for 8.0 s")
    second = lines[lines.index(first) + 1]
    assert "trial 4" in second
    assert "2 of 3 epochs" in second
    assert "60.0 %" in second
    assert second.endswith("4.0 s for 1 epoch")


def test_a_promoted_trial_s_first_report_tells_its_own_epochs_rate():
    """From epoch 1 on: the report of epoch 2 comes after one epoch's work."""
    lines = drawn(snapshot([*STORY, reported(126, 3, 2, 0.7)]))
    assert starting(lines, "now").endswith("6.0 s for 1 epoch")


def test_clocks_go_on_between_events():
    shot = snapshot()
    assert starting(drawn(shot), "time").startswith("time   2 min 8 s, about ")
    later = drawn(shot, later=5.0)
    assert starting(later, "time").startswith("time   2 min 13 s, about ")
    assert starting(later, "now").endswith("for 13 s")


def test_time_left_leaves_out_what_was_prepared():
    """After the first epoch three took 18 seconds; the 110 before were features' and setting up."""
    assert snapshot().seconds_left == pytest.approx(18.0 * 10 / 3)


def test_the_table_keeps_its_height_while_a_worker_is_idle():
    heights = {
        len(drawn(snapshot(STORY[:end]))) for end in range(4, len(STORY)) if end not in range(9, 13)
    }
    idle = snapshot([*STORY[:7]])
    busy = snapshot([*STORY[:9]])
    assert len(drawn(idle)) == len(drawn(busy))
    assert heights


def test_when_all_trials_have_ended_nothing_runs_and_no_time_is_left():
    plan = {**PLAN, "plan": {"brackets": [], "trials": 2, "budget": 2}}
    lines = drawn(snapshot([*STORY[:7], finished(112, 1, 0.2)], plan))
    assert not any(line.startswith("now") for line in lines)
    assert starting(lines, "time") == "time   1 min 52 s"


def test_a_lost_trial_is_not_running():
    shot = snapshot([*STORY, {"event": "lost", "time": 129, "number": 4, "reason": "node gone"}])
    assert [running.number for running in shot.running] == [3]


def test_one_rung_needs_no_line():
    plan = {**PLAN, "plan": {"brackets": [{"index": 0, "rungs": [[9, 1]]}], "trials": 9}}
    assert not any(line.startswith("rungs") for line in drawn(snapshot(STORY[:5], plan)))


def test_many_brackets_and_workers_stay_few_lines():
    brackets = [{"index": index, "rungs": [[3, 1], [1, 3]]} for index in range(40)]
    plan = {**PLAN, "workers": 30, "plan": {"brackets": brackets, "trials": 160}}
    events = []
    for number in range(30):
        events += [asked(number, number, bracket=number), started(number, number)]
    lines = drawn(snapshot(events, plan))
    assert len(lines) < 16
    assert any("and 26 more" in line for line in lines)
    assert any("0 of 40 brackets closed" in line for line in lines)


@given(st.lists(st.floats(0, 1), max_size=60), st.integers(1, 30))
def test_a_curve_ends_with_the_last_value(values, width):
    curve = sparkline(values, width)
    assert len(curve) == min(len(values), width)
    if values and min(values[-1:]) > 0 and values[-1] == max(values) > min(values) + 0.1:
        assert curve[-1] in "█▁"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_a_curve_rises_where_the_values_do(values):
    curve = sparkline(sorted(values), 20)
    assert list(curve) == sorted(curve)


@given(st.integers(0, 40), st.integers(1, 40), st.integers(2, 12))
def test_a_rung_looks_full_only_when_it_is(done, total, width):
    done = min(done, total)
    text = cells(done, total, width)
    assert len(text) == min(total, width)
    assert (set(text) == {"■"}) == (done == total)
    assert (set(text) == {"□"}) == (done == 0)


@pytest.mark.parametrize(
    ("term", "encoding", "is_live"),
    [
        ("xterm-256color", "utf-8", True),
        ("xterm", "ascii", False),
        ("dumb", "utf-8", False),
        ("", "UTF-8", True),
    ],
)
def test_a_terminal_that_cannot_show_the_table_gets_lines(monkeypatch, term, encoding, is_live):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    Terminal.encoding = encoding
    monkeypatch.setenv("TERM", term)
    stream = Terminal()
    with Progress(PLAN, stream):
        pass
    assert ("\x1b" in stream.getvalue()) == is_live
