"""From an event to the line about it: what is worth reading, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.formatting import (
    configuration,
    counted,
    duration,
    number,
    percent,
    quantity,
)
from automl.progress.tally import SEARCH, Rung, Tally, Watched


@dataclass(frozen=True)
class Line:
    """One line. ``minor`` ones are left out where a live table shows them anyway."""

    text: str
    minor: bool = False


class Narrator:
    """Follows a search's events and says what happened, one line an event, seldom two."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self.tally = Tally.of(plan)
        self.unit = str(plan.get("budget_unit") or "epochs")
        self.name = str(plan.get("name") or "search")
        self.phase = SEARCH
        workers = plan.get("workers")
        self.workers = workers if isinstance(workers, int) else None

    def opening(self) -> Line:
        """The first line: what is planned."""
        tally = self.tally
        parts = [counted(tally.total, "trials")]
        if tally.confirmation_planned:
            parts[0] += f" ({quantity(tally.confirmation_planned)} to confirm)"
        if tally.budget_planned:
            parts.append(counted(tally.budget_planned, self.unit))
        if self.workers is not None:
            parts.append(counted(self.workers, "workers"))
        return Line(f"search {self.name}: {', '.join(parts)}")

    def tell(self, event: Mapping[str, Any]) -> list[Line]:
        """Take an event and give the lines about it; none for most kinds."""
        self.tally.clock(event)
        handler = getattr(self, f"_on_{event.get('event')}", None)
        return handler(event) if handler is not None else []

    def standing(self) -> str:
        """How far the search is and what is best, on one line."""
        tally = self.tally
        parts = [f"{quantity(tally.ended)} of {counted(tally.total, 'trials')} done"]
        if tally.failed:
            parts.append(f"{quantity(tally.failed)} failed")
        if tally.incumbent is not None:
            parts.append(f"incumbent {percent(tally.incumbent.accuracy)}")
        return ", ".join(parts)

    def result(self, trial: Watched) -> str:
        """A trial's accuracy and budget."""
        return f"{percent(trial.accuracy)} after {counted(trial.budget, self.unit)}"

    def _on_resumed(self, _event: Mapping[str, Any]) -> list[Line]:
        return [Line(f"resumed: {self.standing()}")]

    def _on_asked(self, event: Mapping[str, Any]) -> list[Line]:
        phase = str(event.get("phase", SEARCH))
        lines = []
        if phase != self.phase:
            self.phase = phase
            lines.append(Line(self._phase_line(phase)))
        self.tally.asked(event)
        return lines

    def _on_noted(self, event: Mapping[str, Any]) -> list[Line]:
        return [Line(f"trial {number(event.get('number'))}: {event.get('text')}")]

    def _on_started(self, event: Mapping[str, Any]) -> list[Line]:
        trial = self.tally.trial(event)
        if trial is None or trial.ended:
            return []
        self.tally.start(trial)
        attempt = event.get("attempt")
        if isinstance(attempt, int) and attempt > 1:
            return [Line(f"{self._head(trial)} begins again, attempt {attempt}")]
        return []

    def _on_lost(self, event: Mapping[str, Any]) -> list[Line]:
        trial = self.tally.trial(event)
        if trial is not None:
            self.tally.lose(trial)
        reason = " ".join(str(event.get("reason") or "").split())
        return [Line(f"trial {number(event.get('number'))} lost its worker: {reason}")]

    def _on_reported(self, event: Mapping[str, Any]) -> list[Line]:
        trial = self.tally.trial(event)
        if trial is not None:
            self.tally.reported(trial, event)
        return []

    def _on_finished(self, event: Mapping[str, Any]) -> list[Line]:
        trial = self.tally.trial(event)
        if trial is None:
            return []
        known = trial.ended
        new_best = self.tally.finish(trial, event)
        if known:
            return []
        text = f"{self._head(trial)} {self.result(trial)}, {self._origin(trial, event)}"
        text += f": {configuration(trial.configuration)}"
        return [
            Line(text + ("  * new incumbent" if new_best else ""), minor=not new_best),
            *self._rung_lines(trial),
        ]

    def _on_failed(self, event: Mapping[str, Any]) -> list[Line]:
        trial = self.tally.trial(event)
        if trial is None or trial.ended:
            return []
        status = str(event.get("status") or "failed").replace("_", " ")
        reason = " ".join(str(event.get("reason") or "no reason given").split())
        self.tally.fail(trial, status, reason)
        return [
            Line(
                f"{self._head(trial)} failed, {status}: {reason}; "
                f"{configuration(trial.configuration)}"
            ),
            *self._rung_lines(trial),
        ]

    def _on_chosen(self, event: Mapping[str, Any]) -> list[Line]:
        trial = self.tally.trial(event)
        if trial is None:
            return [Line("a confirmed model is chosen")]
        first = self.tally.found_by(trial)
        again = f", which trained trial {first.number}'s configuration again" if first else ""
        return [Line(f"chosen: trial {trial.number}{again}")]

    def _on_unsealed(self, _event: Mapping[str, Any]) -> list[Line]:
        return [Line("test splits opened, once")]

    def _phase_line(self, phase: str) -> str:
        if phase == SEARCH:
            return "search"
        planned = self.tally.confirmation_planned
        return f"{phase}: {counted(planned, 'trials')}; {self.standing()}"

    def _head(self, trial: Watched) -> str:
        width = len(str(self.tally.total))
        return f"[{self.tally.ended:>{width}}/{self.tally.total}] trial {trial.number}"

    def _origin(self, trial: Watched, event: Mapping[str, Any]) -> str:
        origin = trial.origin or "asked"
        if trial.origin == "confirmation":
            origin = f"seed {number(trial.seed)}"
        answered = event.get("answered_by")
        return origin if answered is None else f"{origin}, answered by trial {answered}"

    def _rung_lines(self, trial: Watched) -> list[Line]:
        rung = self.tally.rung_closed_by(trial)
        if rung is None:
            return []
        left = self.tally.seconds_left
        outlook = f"; about {duration(round(left))} left" if left else ""
        return [Line(self._rung_line(rung) + outlook)]

    def _rung_line(self, rung: Rung) -> str:
        best = f"best {percent(rung.best)}" if rung.best is not None else "none finished"
        done = f"{counted(rung.planned, 'trials')} after {counted(rung.budget, self.unit)}, {best}"
        if rung.last:
            return f"bracket {rung.bracket} closed at rung {rung.index}: {done}"
        onward = self.tally.rungs.get((rung.bracket, rung.index + 1))
        if onward is not None:
            done += f", {quantity(onward.planned)} {'goes' if onward.planned == 1 else 'go'} on"
        return f"bracket {rung.bracket} rung {rung.index} closed: {done}"
