"""How far a run is: on a terminal one line that changes, in a log a line now and then."""

from __future__ import annotations

import io

import numpy as np
import pytest

from automl.prediction.chosen import Screen
from automl.prediction.pulse import FIRST, SELDOM, Pulse
from automl.prediction.rows import Columns, Row
from automl.prediction.tally import Tally
from automl.prediction.voice import ERASE, Voice

HIT, MISS = (0.1, 0.9), (0.8, 0.2)


class Stream(io.StringIO):
    def __init__(self, terminal):
        super().__init__()
        self._terminal = terminal

    def isatty(self):
        return self._terminal


@pytest.fixture
def run(monkeypatch):
    """Take rows at times; return what is written, and the voice that wrote it."""
    monkeypatch.setenv("COLUMNS", "200")

    def build(terminal, *events, view=(False, True)):
        stream, now = Stream(terminal), [0.0]
        voice = Voice(stream)
        columns = Columns(Screen("s/m", None, ("none", "some"), view, nominal=False))
        tally = Tally(columns)
        pulse = Pulse(tally, columns, voice, clock=lambda: now[0])
        for seconds, *rows in events:
            now[0] = seconds
            tally.count(rows)
            if rows:
                pulse.count(rows)
            else:
                pulse.beat()
        return stream.getvalue(), voice

    return build


def rows(count, chances):
    return [Row(f"run/{n}.png", 0, chances) for n in range(count)]


def test_a_log_has_a_line_now_and_then_and_none_without_news(run):
    later = FIRST + SELDOM
    said, _ = run(
        *(False, (1, *rows(2, HIT)), (2, *rows(1, MISS)), (FIRST, *rows(1, HIT)), (FIRST + 1,)),
        *((later, *rows(6, HIT)), (later + SELDOM,), (later + 2 * SELDOM,)),
    )
    assert said == (
        "automl: 4 images; diffraction 3 (75.0 %); 0.4 images/s; newest: some, 0.png\n"
        "automl: 10 images; diffraction 9 (90.0 %); 0.1 images/s; newest: some, 5.png\n"
    )


def test_a_terminal_has_one_line_that_ends_where_another_is_said(run):
    bad = Row("x/b\n.h5", 3, error="damaged")
    said, voice = run(True, (0.1,), (1, *rows(2, MISS)), (1.1, bad), (2,), view=None)
    voice.say("the end")
    assert said == (
        "automl: 2 images; 2.0 images/s; newest: none, 1.png"
        f"{ERASE}automl: 2 images; 1.0 images/s; 1 unreadable; newest: unreadable, b?.h5 frame 3"
    )
    assert voice._stream.getvalue() == f"{said}{ERASE}automl: the end\n"


def test_a_stream_that_is_gone_stops_nothing(run):
    _, voice = run(True, (1, *rows(1, HIT)))
    voice._stream.close()
    voice.show("more")
    voice.say("more")


def test_a_summary_says_nothing_of_diffraction_where_nobody_knows():
    columns = Columns(Screen("s/m", None, ("a", "b"), None, nominal=False))
    tally = Tally(columns)
    tally.count([Row("x", 0, tuple(np.array(HIT)))])
    assert tally.line(1.0) == "1 image: b 1; 1.0 images/s"
