from __future__ import annotations

import pytest
from bench import ALGORITHMS, SPACE
from hypothesis import given
from hypothesis import strategies as st

from automl.algorithms import AlgorithmError, Signal, Suggestion, build
from automl.conductor import Conductor
from automl.errors import SearchError


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


def run(conductor, arrivals, workers=99):
    """Run to the end; ``arrivals`` picks which outstanding trial ends next. Return the asks."""
    outstanding, asked = [], []
    picks = iter(arrivals)
    while True:
        answer = conductor.next() if len(outstanding) < workers else Signal.WAIT
        if isinstance(answer, Suggestion):
            outstanding.append(answer.number)
            asked.append((answer.number, answer.configuration_id, answer.budget))
        elif answer is Signal.DONE:
            assert not outstanding
            return asked
        else:
            pick = outstanding.pop(next(picks, 0) % len(outstanding))
            conductor.result(pick, 0.5 + pick % 7 / 20)


@given(workers=st.integers(1, 5), arrivals=st.lists(st.integers(0, 9), max_size=20))
def test_asked_order_hides_the_order_of_arrival(workers, arrivals):
    machine = Recorder(12)
    run(Conductor(machine, workers, "asked"), arrivals)
    assert [n for what, n in machine.log if what == "tell"] == list(range(12))
    for position, (what, number) in enumerate(machine.log):
        if what == "ask":
            told = [n for w, n in machine.log[:position] if w == "tell"]
            assert told == list(range(max(0, number - workers + 1))), "sees the results up to k - w"


@given(
    workers=st.integers(1, 5),
    window=st.integers(1, 9),
    arrivals=st.lists(st.integers(0, 9), max_size=60),
)
@pytest.mark.parametrize("order", ["asked", "planned"])
def test_brackets_do_not_depend_on_the_order_of_arrival(order, workers, window, arrivals):
    def asked(picks):
        machine = build("hyperband", SPACE, 0, **ALGORITHMS["hyperband"])
        return run(Conductor(machine, window, order), picks, workers)

    assert asked(arrivals) == asked([])


def test_planned_order_lets_a_short_trial_overtake_a_long_one():
    class Lengths(Recorder):
        def ask(self):
            answer = super().ask()
            if isinstance(answer, Signal):
                return answer
            budget = 10 if answer.number == 0 else 3
            return Suggestion(answer.number, {}, answer.configuration_id, budget, "random")

    machine = Lengths(6)
    run(Conductor(machine, 2, "planned"), [])
    # Trial 0 is due at 10; the others at 3, 6, 9 and 12.
    assert [n for what, n in machine.log if what == "tell"] == [1, 2, 3, 0, 4, 5]


def test_a_continued_trial_is_due_for_its_new_epochs_alone():
    class Promotion(Recorder):
        def ask(self):
            answer = super().ask()
            if isinstance(answer, Signal):
                return answer
            start = 8 if answer.number == 0 else None
            budget = 9 if answer.number == 0 else 3
            return Suggestion(
                answer.number, {}, answer.configuration_id, budget, "random", previous_budget=start
            )

    for continues, told in ((True, [0, 1]), (False, [1, 0])):
        machine = Promotion(2)
        run(Conductor(machine, 2, "planned", continues=continues), [])
        assert [n for what, n in machine.log if what == "tell"] == told


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


def test_a_model_that_fails_stops_the_search_with_its_reason():
    class Failing(Recorder):
        def ask(self):
            raise AlgorithmError("BOHB's model failed: singular bandwidth")

    with pytest.raises(SearchError, match="BOHB's model failed: singular bandwidth"):
        Conductor(Failing(3), 1, "asked").next()
