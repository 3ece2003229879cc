"""What the ledger's events add up to, as far as a person watching wants to know.

A view for the eye: it tolerates any event, ignores what it does not understand, and decides
nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automl.objective import excess

SEARCH = "search"


@dataclass
class Watched:
    """One trial as the display knows it. ``position`` is (bracket, rung), ``None`` without."""

    number: int
    phase: str
    identifier: str
    configuration: Mapping[str, Any]
    budget: float
    previous: float
    origin: str
    seed: Any
    position: tuple[int, int] | None
    epoch: int = 0
    accuracy: float | None = None
    ended: bool = False
    begun: float | None = None
    # Epoch and time of the first and the last report of this attempt.
    first: tuple[int, float] | None = None
    last: tuple[int, float] | None = None

    @property
    def rate(self) -> float | None:
        """Seconds for one unit of budget: between reports, or else up to the first."""
        if self.first is None or self.last is None:
            return None
        if self.last[0] > self.first[0]:
            return (self.last[1] - self.first[1]) / (self.last[0] - self.first[0])
        done = self.first[0] - self.previous
        return None if self.begun is None or done <= 0 else (self.first[1] - self.begun) / done

    excess: float = 0.0

    @property
    def rank(self) -> tuple[float, float, float]:
        """What results are ordered by, the best first, as in ``automl.state``."""
        return -self.budget, self.excess, -(self.accuracy or 0.0)


@dataclass(frozen=True)
class Rung:
    """A rung of the plan and how far it is."""

    bracket: int
    index: int
    last: bool
    planned: int
    budget: float
    ended: int = 0
    best: float | None = None

    @property
    def closed(self) -> bool:
        """Whether every planned trial has ended."""
        return self.ended >= self.planned


@dataclass
class Tally:
    """Counts over the trials of both phases; built from the plan, fed with events."""

    trials_planned: int = 0
    confirmation_planned: int = 0
    search_budget: float = 0.0
    confirmation_budget: float = 0.0
    trials: dict[int, Watched] = field(default_factory=dict)
    rungs: dict[tuple[int, int], Rung] = field(default_factory=dict)
    finished: int = 0
    failed: int = 0
    failed_in_search: int = 0
    spent: float = 0.0
    active_seconds: float = 0.0
    incumbent: Watched | None = None
    running: dict[int, Watched] = field(default_factory=dict)
    # The incumbent's accuracy after each ended trial of the search, from the first incumbent on.
    incumbents: list[float] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    last_failure: str = ""
    # Seconds and budget up to the first that was spent: until then workers import and set up.
    _first: tuple[float, float] | None = None
    _last_time: float | None = None
    _seen_epochs: set[tuple[str, str, int]] = field(default_factory=set)

    @classmethod
    def of(cls, plan_event: Mapping[str, Any]) -> "Tally":
        """A tally at the start of a planned search."""
        tally = cls()
        plan = _mapping(plan_event.get("plan"))
        tally.trials_planned = int(_real(plan.get("trials")) or 0)
        tally.confirmation_planned = int(_real(plan.get("confirmation_trials")) or 0)
        for bracket in _sequence(plan.get("brackets")):
            tally._add_bracket(_mapping(bracket))
        largest = max((rung.budget for rung in tally.rungs.values()), default=1.0)
        tally.search_budget = (
            _real(plan.get("budget_continued")) or _real(plan.get("budget")) or 0.0
        )
        tally.confirmation_budget = largest
        return tally

    @property
    def budget_planned(self) -> float:
        """Budget of the whole search, its confirmation estimated until that begins."""
        return self.search_budget + self.confirmation_planned * self.confirmation_budget

    @property
    def ended(self) -> int:
        """Trials that have a result."""
        return self.finished + self.failed

    @property
    def total(self) -> int:
        """Trials planned, or asked where that is more."""
        return max(self.trials_planned + self.confirmation_planned, len(self.trials))

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the budget spent so far, ``None`` while there is nothing to go by."""
        if self._first is None or self.budget_planned <= 0:
            return None
        # What was prepared and set up before is not done again.
        seconds, spent = self.active_seconds - self._first[0], self.spent - self._first[1]
        if spent <= 0 or seconds <= 0:
            return None
        return seconds * max(self.budget_planned - self.spent, 0.0) / spent

    def seconds_since(self, begun: float | None) -> float:
        """Seconds from a moment up to the last event."""
        if begun is None or self._last_time is None:
            return 0.0
        return max(self._last_time - begun, 0.0)

    def clock(self, event: Mapping[str, Any]) -> None:
        """Count the time since the last event, unless nobody worked in between."""
        now = _real(event.get("time"))
        if now is None:
            return
        if self._last_time is not None and event.get("event") != "resumed":
            self.active_seconds += max(now - self._last_time, 0.0)
        if event.get("event") == "resumed":
            self.running.clear()
        self._last_time = now

    def asked(self, event: Mapping[str, Any]) -> None:
        """Take up a new trial."""
        number = _real(event.get("number"))
        if number is None:
            return
        position = (_real(event.get("bracket")), _real(event.get("rung")))
        trial = Watched(
            number=int(number),
            phase=str(event.get("phase", SEARCH)),
            identifier=str(event.get("configuration_id", number)),
            configuration=_mapping(event.get("configuration")),
            budget=_real(event.get("budget")) or 0.0,
            previous=_real(event.get("previous_budget")) or 0.0,
            origin=str(event.get("origin") or ""),
            seed=event.get("seed"),
            position=None
            if position[0] is None or position[1] is None
            else (int(position[0]), int(position[1])),
        )
        self.trials[trial.number] = trial
        if trial.phase != SEARCH and trial.budget > 0:
            # The plan tells how many trials confirm, the first of them for how long.
            self.confirmation_budget = trial.budget

    def trial(self, event: Mapping[str, Any]) -> Watched | None:
        """The trial an event speaks of, or ``None`` for one never asked."""
        number = _real(event.get("number"))
        return None if number is None else self.trials.get(int(number))

    def found_by(self, trial: Watched) -> Watched | None:
        """The trial of the search whose result put a confirmed configuration forward."""
        same = [
            other
            for other in self.trials.values()
            if other.phase == SEARCH != trial.phase
            and other.identifier == trial.identifier
            and other.accuracy is not None
        ]
        return min(same, key=lambda other: other.rank, default=None)

    def start(self, trial: Watched) -> None:
        """Note that a trial runs, unless it has a result already."""
        if not trial.ended and trial.number not in self.running:
            self.running[trial.number] = trial
            trial.begun, trial.first, trial.last = self._last_time, None, None

    def lose(self, trial: Watched) -> None:
        """Note that a trial's worker has died."""
        self.running.pop(trial.number, None)

    def reported(self, trial: Watched, event: Mapping[str, Any]) -> None:
        """Take an epoch's report; an epoch told twice is spent once."""
        epoch = int(_real(event.get("epoch")) or 0)
        metrics = _mapping(event.get("metrics"))
        self.start(trial)
        trial.epoch = max(trial.epoch, epoch)
        trial.accuracy = _real(metrics.get("validation_accuracy"))
        if self._last_time is not None:
            trial.last = trial.epoch, self._last_time
            trial.first = trial.first or trial.last
        key = (trial.identifier, str(trial.seed), epoch)
        if key not in self._seen_epochs:
            self._seen_epochs.add(key)
            self._spend(1.0)

    def finish(self, trial: Watched, event: Mapping[str, Any]) -> bool:
        """Take a result; whether it made the trial the incumbent."""
        accuracy = _real(_mapping(event.get("metrics")).get("validation_accuracy"))
        loss = _real(event.get("loss"))
        if accuracy is None:
            accuracy = None if loss is None else 1.0 - loss
        trial.accuracy = accuracy
        trial.excess = excess(loss)
        known = trial.ended
        if not known:
            self.finished += 1
        if trial.epoch == 0 and event.get("answered_by") is None:
            self._spend(max(trial.budget - trial.previous, 0.0))
        self._end(trial)
        best = self.incumbent
        better = (
            trial.phase == SEARCH
            and accuracy is not None
            and (best is None or trial.rank < best.rank)
        )
        if better:
            self.incumbent = trial
        if not known and trial.phase == SEARCH and self.incumbent is not None:
            self.incumbents.append(self.incumbent.accuracy or 0.0)
        return better

    def fail(self, trial: Watched, status: str, reason: str) -> None:
        """Take a failure: a result too, of a trial that has no accuracy."""
        if not trial.ended:
            self.failed += 1
            self.failures[status] = self.failures.get(status, 0) + 1
            self.last_failure = f"trial {trial.number}, {reason}"
            self.failed_in_search += trial.phase == SEARCH
        trial.accuracy = None
        self._end(trial)

    def rung_closed_by(self, trial: Watched) -> Rung | None:
        """The rung that this trial's end has closed, if it was the last one missing."""
        rung = self.rungs.get(trial.position) if trial.position is not None else None
        return rung if rung is not None and rung.ended == rung.planned else None

    def _spend(self, budget: float) -> None:
        self.spent += budget
        self._first = self._first or (self.active_seconds, self.spent)

    def _end(self, trial: Watched) -> None:
        self.running.pop(trial.number, None)
        rung = self.rungs.get(trial.position) if trial.position is not None else None
        if rung is not None and not trial.ended:
            accuracies = [a for a in (rung.best, trial.accuracy) if a is not None]
            self.rungs[rung.bracket, rung.index] = Rung(
                rung.bracket,
                rung.index,
                rung.last,
                rung.planned,
                rung.budget,
                rung.ended + 1,
                max(accuracies, default=None),
            )
        trial.ended = True

    def _add_bracket(self, bracket: Mapping[str, Any]) -> None:
        index = _real(bracket.get("index"))
        levels = [_sequence(level) for level in _sequence(bracket.get("rungs"))]
        for position, level in enumerate(levels):
            numbers = [_real(value) for value in level]
            if index is None or len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
                continue
            self.rungs[int(index), position] = Rung(
                int(index), position, position == len(levels) - 1, int(numbers[0]), numbers[1]
            )


def _real(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
