"""A discrete-event simulation of workers: who waits for whom, without any of the work."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from automl.algorithms import Signal


@dataclass(frozen=True)
class Job:
    """One evaluation: which configuration, and how many epochs it has to compute."""

    number: int
    configuration_id: str
    epochs: int


class Schedule(Protocol):
    """Decides what runs next. `result` says that a job is over, `next` may be asked again then."""

    def next(self) -> Job | Signal: ...

    def result(self, job: Job) -> None: ...


@dataclass(frozen=True)
class Span:
    """A job on a worker, in seconds from the start of the search."""

    job: Job
    begin: float
    end: float


@dataclass(frozen=True)
class Outcome:
    """What the workers did."""

    workers: int
    spans: tuple[Span, ...]

    @property
    def makespan(self) -> float:
        """Seconds from the first start to the last end."""
        return max(span.end for span in self.spans)

    @property
    def work(self) -> float:
        """Seconds of all jobs together."""
        return sum(span.end - span.begin for span in self.spans)

    @property
    def busy(self) -> float:
        """Share of the workers' time that is work, from 0 to 1."""
        return self.work / (self.workers * self.makespan)


def simulate(
    schedule: Schedule, workers: int, seconds_per_epoch: Callable[[str], float]
) -> Outcome:
    """Run a schedule to its end; whatever is not a job takes no time.

    A free worker takes the next job at once. Of jobs that end at the same moment the one that
    was asked for first ends first, so that an outcome is a function of its arguments.

    Args:
        schedule: Fresh; it is used up.
        workers: Jobs that may run at the same time.
        seconds_per_epoch: By configuration.

    Raises:
        RuntimeError: The schedule waits although nothing runs.
    """
    now = 0.0
    running: list[tuple[float, int, Job]] = []
    spans = []
    while True:
        while len(running) < workers:
            job = schedule.next()
            if isinstance(job, Signal):
                break
            end = now + job.epochs * seconds_per_epoch(job.configuration_id)
            spans.append(Span(job, now, end))
            heapq.heappush(running, (end, job.number, job))
        if not running:
            if job is not Signal.DONE:
                raise RuntimeError("the schedule waits although nothing runs")
            return Outcome(workers, tuple(spans))
        now, _, ended = heapq.heappop(running)
        schedule.result(ended)
