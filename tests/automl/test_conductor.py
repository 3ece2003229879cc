from __future__ import annotations

import pytest
from bench import ALGORITHMS, SPACE
from hypothesis import given
from hypothesis import strategies as st

from automl.algorithms import Signal, Suggestion, build
from automl.conductor import Conductor


class Recorder:
    """An algorithm that asks ``total`` times and writes down what it is told."""

    def __init__(self, total):
        self.total = total
        self.log = []
        self.asked = 0

    def ask(self):
        if self.asked == self.total:
            return Signal.DONE
        self.log.append(("ask", self.asked))
        self.asked += 1
        return Suggestion(self.asked - 1, {}, f"c{self.asked - 1}", 1, "random")

    def tell(self, number, loss):
        self.log.append(("tell", number))

    def alive(self):
        return frozenset()


def run(conductor, arrivals):
    """Run to the end; ``arrivals`` picks which outstanding trial ends next."""
    outstanding = []
    picks = iter(arrivals)
    while True:
        answer = conductor.next()
        if isinstance(answer, Suggestion):
            outstanding.append(answer.number)
        elif answer is Signal.DONE:
            assert not outstanding
            return
        else:
            pick = outstanding.pop(next(picks, 0) % len(outstanding))
            conductor.result(pick, 0.5)


@given(workers=st.integers(1, 5), arrivals=st.lists(st.integers(0, 9), max_size=20))
def test_asked_order_hides_the_order_of_arrival(workers, arrivals):
    machine = Recorder(12)
    run(Conductor(machine, workers, "asked"), arrivals)
    assert [n for what, n in machine.log if what == "tell"] == list(range(12))
    for position, (what, number) in enumerate(machine.log):
        if what == "ask":
            told = [n for w, n in machine.log[:position] if w == "tell"]
            assert told == list(range(max(0, number - workers + 1))), "sees the results up to k - w"


def test_arrival_order_tells_as_they_come():
    machine = Recorder(4)
    conductor = Conductor(machine, 2, "arrival")
    first, second = conductor.next(), conductor.next()
    assert conductor.next() is Signal.WAIT
    conductor.result(second.number, 0.1)
    assert machine.log[-1] == ("tell", 1)
    assert conductor.next().number == 2
    assert conductor.alive() == {first.configuration_id, "c2"}


def test_results_nobody_asked_for_are_refused():
    conductor = Conductor(Recorder(4), 2, "asked")
    with pytest.raises(ValueError, match="not outstanding"):
        conductor.result(0, 0.5)
    conductor.next()
    conductor.result(0, 0.5)
    with pytest.raises(ValueError, match="not outstanding"):
        conductor.result(0, 0.5)


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_every_algorithm_comes_to_its_end(name, workers):
    machine = build(name, SPACE, 0, **ALGORITHMS[name])
    run(Conductor(machine, workers, "asked"), [3, 1, 4, 1, 5])
    assert machine.ask() is Signal.DONE
