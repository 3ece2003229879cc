"""Everything that the table says at one moment, as values that nobody changes any more."""

from dataclasses import dataclass
from typing import Any

from automl.formatting import configuration, counted, percent, quantity
from automl.progress.narrator import Narrator
from automl.progress.tally import Rung, Tally, Watched

_RUNNING, _BRACKETS = 4, 3  # lines at most


@dataclass(frozen=True)
class Running:
    """A trial in work. ``seconds`` since it began; ``rate`` seconds a unit of budget, if known."""

    number: int
    epoch: int
    budget: float
    accuracy: float | None
    seconds: float
    rate: float | None


@dataclass(frozen=True)
class Snapshot:
    """What there is to see; ``taken`` is on the monotonic clock.

    ``incumbents`` has the incumbent's accuracy after each ended trial of the search, ``rungs``
    those of the brackets that are open, ``rows`` how many lines running trials have at least.
    """

    name: str
    phase: str
    ended: int
    total: int
    spent: float
    planned: float
    unit: str
    active_seconds: float
    seconds_left: float | None
    best: str | None
    configuration: str
    incumbents: tuple[float, ...]
    rungs: tuple[tuple[Rung, ...], ...]
    closed: int
    brackets: int
    running: tuple[Running, ...]
    more: int
    rows: int
    failures: str | None
    task: tuple[str, int, int] | None
    taken: float

    @classmethod
    def of(cls, narrator: Narrator, task: tuple[str, int, int] | None, taken: float) -> "Snapshot":
        """What there is to say now."""
        tally = narrator.tally
        best = tally.incumbent
        running = list(tally.running.values())
        brackets = _brackets(tally)
        started = [rungs for rungs in brackets if _is_open(rungs, tally)]
        return cls(
            name=narrator.name,
            phase=narrator.phase,
            ended=tally.ended,
            total=tally.total,
            spent=tally.spent,
            planned=tally.budget_planned,
            unit=narrator.unit,
            active_seconds=tally.active_seconds,
            seconds_left=tally.seconds_left,
            best=None if best is None else f"{narrator.result(best)}, trial {best.number}",
            configuration="" if best is None else configuration(best.configuration),
            incumbents=tuple(tally.incumbents),
            rungs=tuple(started[:_BRACKETS]),
            closed=sum(all(rung.closed for rung in rungs) for rungs in brackets),
            brackets=len(brackets),
            running=tuple(_running(trial, tally) for trial in running[:_RUNNING]),
            more=max(len(running) - _RUNNING, 0),
            rows=0 if tally.ended >= tally.total else min(narrator.workers or 1, _RUNNING),
            failures=_failures(tally),
            task=task if task is not None and task[1] < task[2] else None,
            taken=taken,
        )


def _running(trial: Watched, tally: Tally) -> Running:
    return Running(
        number=trial.number,
        epoch=trial.epoch,
        budget=trial.budget,
        accuracy=trial.accuracy,
        seconds=tally.seconds_since(trial.begun),
        rate=trial.rate,
    )


def _brackets(tally: Tally) -> list[tuple[Rung, ...]]:
    """Return each bracket's rungs; none where one rung is all there is."""
    found: dict[int, list[Rung]] = {}
    for (bracket, _), rung in sorted(tally.rungs.items()):
        found.setdefault(bracket, []).append(rung)
    several = len(found) > 1 or any(len(rungs) > 1 for rungs in found.values())
    return [tuple(rungs) for rungs in found.values()] if several else []


def _is_open(rungs: tuple[Rung, ...], tally: Tally) -> bool:
    if all(rung.closed for rung in rungs):
        return False
    positions = [trial.position for trial in tally.running.values()]
    return any(rung.ended or (rung.bracket, rung.index) in positions for rung in rungs)


def _failures(tally: Tally) -> str | None:
    if not tally.failures:
        return None
    counts = ", ".join(f"{quantity(n)} {status}" for status, n in tally.failures.items())
    return f"{counts}; last: {tally.last_failure}"


def words(running: Running, unit: str) -> tuple[str, ...]:
    """A running trial's number, its place in its budget, and its accuracy."""
    place = f"{quantity(running.epoch)} of {counted(running.budget, unit)}"
    accuracy: Any = "" if running.accuracy is None else percent(running.accuracy)
    return f"trial {running.number}", place, accuracy
