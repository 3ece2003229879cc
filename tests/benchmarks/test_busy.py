"""The simulation is held against hand-made schedules, and the schedules against each other."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.algorithms import Signal
from automl.conductor import Conductor
from benchmarks import busy
from benchmarks.schedules import Barriers, Conducted, HpBandSter
from benchmarks.simulated_workers import Job, simulate


class Listed:
    """Jobs in a fixed order; `waits` holds back the jobs after it until all before it are over."""

    def __init__(self, lengths, waits=()):
        self.jobs = [Job(number, str(number), length) for number, length in enumerate(lengths)]
        self.waits = set(waits)
        self.running = 0
        self.asked = 0

    def next(self):
        if self.asked == len(self.jobs):
            return Signal.DONE
        if self.asked in self.waits and self.running:
            return Signal.WAIT
        self.running += 1
        self.asked += 1
        return self.jobs[self.asked - 1]

    def result(self, job):
        self.running -= 1


def second(_):
    return 1.0


def test_jobs_go_to_the_first_free_worker():
    outcome = simulate(Listed([4, 1, 1, 2, 3]), 2, second)
    assert [(span.begin, span.end) for span in outcome.spans] == [
        *((0, 4), (0, 1), (1, 2), (2, 4), (4, 7))
    ]
    assert outcome.work == 11
    assert outcome.makespan == 7
    assert outcome.busy == pytest.approx(11 / 14)


def test_a_barrier_waits_for_the_slowest():
    outcome = simulate(Listed([4, 1, 1, 2, 3], waits={2}), 2, second)
    assert [span.begin for span in outcome.spans] == [0, 0, 4, 4, 5]
    assert outcome.makespan == 8


def test_an_epoch_takes_what_its_configuration_takes():
    outcome = simulate(Listed([2, 3]), 2, {"0": 5.0, "1": 0.5}.__getitem__)
    assert [span.end for span in outcome.spans] == [10.0, 1.5]


def test_a_schedule_that_waits_for_nothing_is_named():
    class Stuck(Listed):
        def next(self):
            return Signal.WAIT

    with pytest.raises(RuntimeError, match="although nothing runs"):
        simulate(Stuck([]), 2, second)


@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=30),
    workers=st.integers(1, 6),
    waits=st.sets(st.integers(0, 29)),
)
def test_never_more_jobs_than_workers_and_never_better_than_the_bounds(lengths, workers, waits):
    outcome = simulate(Listed(lengths, waits), workers, second)
    assert len(outcome.spans) == len(lengths)
    for moment in {span.begin for span in outcome.spans}:
        assert sum(s.begin <= moment < s.end for s in outcome.spans) <= workers
    assert outcome.makespan >= max(max(lengths), sum(lengths) / workers)
    if not waits:
        # Graham's bound: no list schedule is worse.
        assert outcome.makespan <= sum(lengths) / workers + max(lengths)


@pytest.mark.parametrize("search", busy.SEARCHES)
def test_one_worker_is_never_idle(search):
    seconds = busy.seconds_per_epoch(1.0)
    for name, make in busy.SEARCHES[search]().items():
        assert simulate(make(3, 1), 1, seconds).busy == pytest.approx(1.0), name


@pytest.mark.parametrize("workers", [2, 8])
@pytest.mark.parametrize("sigma", [0.0, 1.0])
def test_order_of_arrival_is_hpbandsters_own_schedule(workers, sigma):
    """The oracle: with jobs of equal length, every start of every job is HpBandSter's."""
    seconds = busy.seconds_per_epoch(sigma)
    ours = simulate(busy.bracket_schedules()[busy.ARRIVAL](5, workers), workers, seconds)
    theirs = simulate(
        HpBandSter(busy.BANDS, busy.sampler(5), busy.loss, continued=True), workers, seconds
    )
    assert ours.spans == theirs.spans
    assert len(ours.spans) == 260
    assert sum(span.job.epochs for span in ours.spans) == 2424


def test_hpbandster_starts_every_rung_from_scratch():
    theirs = simulate(HpBandSter(busy.BANDS, busy.sampler(5), busy.loss), 1, second)
    assert sum(span.job.epochs for span in theirs.spans) == 2836


def test_barriers_have_the_plan_and_hold_back_each_rung():
    plan = busy.brackets(0).plan()
    outcome = simulate(Barriers(plan, busy.sampler(0), busy.loss), 4, busy.seconds_per_epoch(0.5))
    rungs = [
        (count, budget - previous)
        for bracket in plan.brackets
        for (_, previous), (count, budget) in itertools.pairwise([(0, 0), *bracket.rungs])
    ]
    spans = iter(outcome.spans)
    over = 0.0
    for count, length in rungs:
        rung = list(itertools.islice(spans, count))
        assert {span.job.epochs for span in rung} == {length}
        assert min(span.begin for span in rung) == over
        over = max(span.end for span in rung)


def asked(schedule, workers, seconds):
    simulate(schedule, workers, seconds)
    return [(s.number, s.configuration_id, s.budget, s.origin) for s in schedule.asked]


def planned(lookahead, workers=4):
    return Conducted(Conductor(busy.brackets(1), lookahead * workers, "planned"), busy.loss)


@settings(max_examples=15, deadline=None)
@given(
    seconds=st.lists(st.floats(0.01, 100.0), min_size=1, max_size=20),
    workers=st.integers(1, 5),
    lookahead=st.integers(1, 3),
)
def test_the_planned_order_does_not_depend_on_how_long_trials_take(seconds, workers, lookahead):
    def odd(name):
        return seconds[int(name, 16) % len(seconds)]

    expected = asked(planned(lookahead), 4, second)
    # Not on the number of workers that really run either: the window is what counts.
    assert asked(planned(lookahead), workers, odd) == expected


@pytest.mark.parametrize("workers", [2, 4, 16])
def test_with_equal_epochs_the_planned_order_is_the_order_of_arrival(workers):
    arrival = simulate(busy.bracket_schedules()[busy.ARRIVAL](1, workers), workers, second)
    assert simulate(planned(1, workers), workers, second).spans == arrival.spans


def test_with_one_budget_the_planned_order_is_the_order_of_asks():
    seconds = busy.seconds_per_epoch(1.0)
    sequences = [
        asked(Conducted(conductor, busy.loss), 4, seconds)
        for algorithm in [lambda: busy.one_budget(2)]
        for conductor in (Conductor(algorithm(), 4, order) for order in ("planned", "asked"))
    ]
    assert sequences[0] == sequences[1]


def test_the_table_has_a_row_for_each_schedule(capsys):
    busy.main(short=True)
    lines = capsys.readouterr().out.splitlines()
    for schedules in busy.SEARCHES.values():
        for name in schedules():
            rows = [line[30:].split() for line in lines if line[:30].strip() == name]
            assert len(rows) % len(busy.SIGMAS) == 0, name
            assert all(0 < float(row[0]) <= 100 for row in rows), name
    assert sum(line.startswith(busy.ARRIVAL) for line in lines) == 2 * len(busy.SIGMAS)
