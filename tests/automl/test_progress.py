"""What the progress display writes, to the letter, from a ledger's events."""

import io
import re
import signal
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
search demo: 5 trials (1 to confirm), 8 epochs, 2 workers
[1/5] trial 0 50.0 % after 1 epoch, random: topology=8 learning_rate=0.000845  * new incumbent
[2/5] trial 1 failed, diverged: non-finite loss at step 3 of epoch 1; topology=8 learning_rate=0.000845
[3/5] trial 2 75.0 % after 1 epoch, model: topology=8 learning_rate=0.000845  * new incumbent
bracket 0 rung 0 closed: 3 trials after 1 epoch, best 75.0 %, 1 goes on; about 18 s left
[4/5] trial 3 74.0 % after 3 epochs, promoted: topology=8 learning_rate=0.000845  * new incumbent
bracket 0 closed at rung 1: 1 trial after 3 epochs, best 74.0 %; about 12 s left
confirmation: 1 trial; 4 of 5 trials done, 1 failed, incumbent 74.0 %
[5/5] trial 4 80.0 % after 3 epochs, seed 77: topology=8 learning_rate=0.000845
chosen: trial 4, which trained trial 3's configuration again
test splits opened, once
"""  # noqa: E501


def shown(events, plan=PLAN, **options):
    stream = io.StringIO()
    with Progress(plan, stream, **options) as progress:
        for event in events:
            progress.event(event)
    return stream.getvalue()


def test_a_whole_search_to_the_letter():
    assert shown([*SEARCH, *REST]) == WHOLE


def test_a_configuration_and_its_promotion_spend_each_epoch_once_and_time_left_follows():
    progress = Progress(PLAN, io.StringIO(), live=False)
    progress.absorb(SEARCH)
    tally = progress._narrator.tally
    # Two epochs at the first rung, two more by the promotion; the failed trial reported none.
    assert tally.spent == 4
    assert tally.budget_planned == 8
    assert tally.active_seconds == 12
    assert tally.seconds_left == pytest.approx(12.0)


def test_what_an_earlier_driver_did_is_counted_but_not_told_again():
    stream = io.StringIO()
    with Progress(PLAN, stream) as progress:
        progress.absorb(SEARCH[:13])
        progress.event({"event": "resumed", "time": 90000.0})
        progress.event(started(90001, 3, attempt=2))
        progress.event(reported(90004, 3, 2, 0.74))
    lines = stream.getvalue().splitlines()
    assert lines[1:] == [
        "resumed: 3 of 5 trials done, 1 failed, incumbent 75.0 %",
        "[3/5] trial 3 begins again, attempt 2",
    ]
    # The night in between is nobody's working time.
    assert progress._narrator.tally.active_seconds == 6 + 4


def test_a_trial_told_twice_counts_once():
    twice = [event for event in SEARCH for _ in range(2)]
    progress = Progress(PLAN, io.StringIO(), live=False)
    progress.absorb(twice)
    tally = progress._narrator.tally
    assert (tally.finished, tally.failed, tally.spent) == (3, 1, 4)
    assert {rung.ended for rung in tally.rungs.values()} == {3, 1}


def test_an_answered_trial_says_by_which_and_spends_nothing():
    events = [*SEARCH[:6], asked(5, 1, configuration=0), finished(5, 1, 0.5, answered_by=0)]
    last = shown(events).splitlines()[-1]
    assert "answered by trial 0" in last
    assert "incumbent" not in last
    progress = Progress(PLAN, io.StringIO(), live=False)
    progress.absorb([asked(5, 1), finished(5, 1, 0.5, answered_by=0)])
    assert progress._narrator.tally.spent == 0


def test_a_result_at_a_smaller_budget_never_replaces_the_incumbent():
    events = [*SEARCH, asked(14, 4), finished(15, 4, 0.99)]
    assert "incumbent" not in shown(events).splitlines()[-1]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event": None},
        {"event": "of a later version", "time": "now"},
        {"event": "asked"},
        {"event": "asked", "number": 9, "configuration": None, "budget": None, "bracket": "x"},
        {"event": "asked", "number": float("nan")},
        {"event": "finished", "number": 99},
        {"event": "finished", "number": 1, "loss": None, "metrics": None},
        {"event": "finished", "number": 1, "loss": float("nan")},
        {"event": "failed", "number": 1, "status": None, "reason": None},
        {"event": "reported", "number": 1, "epoch": "one", "metrics": []},
        {"event": "evaluated"},
        {"event": "evaluated", "accuracy": "high", "interval": [None, "x"], "n": "many"},
        {"event": "chosen"},
        {"event": "closed", "time": None},
        {"event": "tell"},
    ],
)
@pytest.mark.parametrize("live", [False, True])
def test_no_odd_event_stops_the_search(event, live):
    text = shown([asked(1, 0), asked(1, 1), event, *SEARCH[1:6]], live=live)
    assert "new incumbent" in text


@pytest.mark.parametrize("plan", [{}, {"plan": None}, {"plan": {"brackets": [None, {"rungs": 3}]}}])
def test_a_plan_that_says_little_is_enough(plan):
    assert "trial 0 50.0 %" in shown(SEARCH[:6], plan=plan)


def test_one_bad_event_is_named_and_the_next_is_shown():
    class Bad(dict):
        def get(self, key, default=None):
            if key == "metrics":
                raise RuntimeError("torn")
            return super().get(key, default)

    lines = shown([asked(1, 0), Bad(finished(2, 0, 0.5)), *SEARCH[4:6]]).splitlines()
    assert lines[1] == "(an event could not be shown: RuntimeError: torn)"
    assert "trial 0 50.0 %" in lines[2]


def test_plain_output_has_no_escape_codes_and_a_reason_stays_on_one_line():
    text = shown([asked(1, 0), failed(2, 0, "crashed", "Traceback\n  line\r\n\x1b[31mred")])
    assert len(text.splitlines()) == 2
    assert "Traceback line" in text
    assert "\x1b" not in text


def test_notes_and_sub_progress_are_told_by_quarters():
    stream = io.StringIO()
    progress = Progress(PLAN, stream)
    progress.note("images are\nsimulated first")
    for done in range(0, 1201, 10):
        progress.task("simulating images", done, 1200)
    for done in range(3):
        progress.task("packing", done, 2)
    assert stream.getvalue().splitlines() == [
        "images are simulated first",
        "simulating images: 0 of 1,200",
        "simulating images: 300 of 1,200",
        "simulating images: 600 of 1,200",
        "simulating images: 900 of 1,200",
        "simulating images: 1,200 of 1,200",
        "packing: 0 of 2",
        "packing: 1 of 2",
        "packing: 2 of 2",
    ]


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_answered_at_once_and_once(number, live):
    earlier = []
    before = signal.signal(number, lambda *_: earlier.append(number))
    try:
        ours = signal.getsignal(number)
        stream = io.StringIO()
        with Progress(PLAN, stream, live=live):
            for _ in range(2):
                signal.raise_signal(number)
            limit = time.monotonic() + 5
            while "stopping" not in stream.getvalue() and time.monotonic() < limit:
                time.sleep(0.01)
            assert "stopping …\n" in plain(stream.getvalue())
        assert plain(stream.getvalue()).count("stopping …") == 1
        assert earlier == [number, number]
        assert signal.getsignal(number) is ours
    finally:
        signal.signal(number, before)


def test_a_signal_that_nobody_handles_is_left_alone():
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with Progress(PLAN, io.StringIO()):
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_closed_stream_is_left_alone():
    stream = io.StringIO()
    progress = Progress(PLAN, stream, live=False)
    with progress:
        stream.close()
        for event in SEARCH:
            progress.event(event)
        progress.note("unseen")


def test_a_stream_that_knows_only_ascii_gets_ascii():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    with Progress(PLAN, stream) as progress:
        progress.note("94.5 % (87.8–97.6)")
    assert b"94.5 % (87.8-97.6)" in raw.getvalue()


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_a_terminal_keeps_a_table_and_passes_only_notable_lines():
    stream = io.StringIO()
    with Progress(PLAN, stream, live=True) as progress:
        for event in SEARCH:
            progress.event(event)
        progress.event(asked(14, 4))
        progress.event(finished(15, 4, 0.4))
        progress.event(asked(15, 5))
        progress.event(started(15, 5))
        progress.task("packing", 1, 4)
    text = plain(stream.getvalue())
    assert "failed, diverged" in text
    assert "] trial 4 40.0 %" not in text
    last = text[text.rindex("search ") :]
    for piece in ("5/6 trials", "5/8 epochs", "left", "topology=8", "packing, 1 of 4"):
        assert piece in last
    assert re.search(r"trial 5 .* 0 of 1 epoch", last)


def test_the_table_can_be_left_twice_and_stops_redrawing():
    stream = io.StringIO()
    progress = Progress(PLAN, stream, live=True)
    with pytest.raises(KeyboardInterrupt), progress:
        raise KeyboardInterrupt
    size = len(stream.getvalue())
    time.sleep(0.7)
    progress.__exit__(None, None, None)
    assert len(stream.getvalue()) == size


def test_a_search_that_has_ended_leaves_no_table_above_its_last_lines():
    stream = io.StringIO()
    with Progress(PLAN, stream, live=True) as progress:
        for event in [*SEARCH, *REST]:
            progress.event(event)
        progress.finish()
        after = stream.getvalue()
        assert after.endswith("\x1b[1A\x1b[2K")  # the lines of the table are wiped
        progress.note("MLflow has all")
    assert stream.getvalue() == after + "MLflow has all\n"


def test_a_pipe_is_no_terminal():
    assert Progress(PLAN, io.StringIO())._live is False
