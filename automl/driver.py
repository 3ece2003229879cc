"""From the plan through search, confirmation and evaluation: what is next, and what has come.

The driver is the only writer of the ledger. It can be killed at any moment: a new one that
replays the ledger asks for what was in flight again and goes on as if nothing had happened.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.algorithms import Signal, Suggestion
from automl.conductor import Conductor
from automl.errors import AllFailedError, SearchError
from automl.evaluation import Evaluation, EvaluationParts
from automl.failures import FailurePolicy
from automl.ledger import Event, Ledger
from automl.selection import Candidate, candidates, trial_seed
from automl.session import Message, Task
from automl.settings import FailureSettings
from automl.state import CONFIRMATION, SEARCH, SearchState, Trial


@dataclass(frozen=True)
class DriverSettings:
    """What the driver needs to know of a search."""

    seed: int
    workers: int
    configurations: int
    seeds: int
    confirmation_budget: int
    resumable: bool
    checkpoints: Path
    splits: tuple[tuple[str, str], ...]
    failures: FailureSettings
    # Whether the model of every trial is written, as where its latency is measured.
    keeps_models: bool = False


class Driver:
    """Turns suggestions into tasks and messages into events.

    Args:
        ledger: Open ledger; its events are replayed.
        conductor: Fresh, with the algorithm at its start.
        settings: Of this search.
        listen: Hears of each new event after it is on disk.
    """

    def __init__(
        self,
        ledger: Ledger,
        conductor: Conductor,
        settings: DriverSettings,
        listen: Callable[[Event], None],
    ) -> None:
        self.state = SearchState()
        self._ledger = ledger
        self._conductor = conductor
        self._settings = settings
        self._listen = listen
        self._search_over = False
        self._candidates: deque[Candidate] | None = None
        self.evaluation = Evaluation(
            self.state,
            EvaluationParts(
                record=self._record,
                training=self._task,
                checkpoint=self.checkpoint,
                splits=settings.splits,
                retries=settings.failures.retries,
            ),
        )
        self._failures = FailurePolicy(settings.failures)
        # Ended trials of the search whose checkpoints may be there.
        self._kept: set[int] = set()
        self._replay()
        # Asked before a kill, not ended: these go first, in the order of their asks.
        self._again = deque(trial for trial in self.state.trials.values() if not trial.ended)

    def next_task(self) -> Task | Signal:
        """Return the next task, WAIT while messages are needed first, or DONE.

        Raises:
            SearchError: The search cannot go on; its ledger keeps what there is.
        """
        while True:
            trial = self._next_trial()
            if not isinstance(trial, Trial):
                return self.evaluation.next() if trial is Signal.DONE else trial
            twin = self._twin(trial)
            if twin is None:
                return self._task(trial)
            if twin.ended:
                self._answer(trial, twin)

    def started(self, number: int) -> None:
        """Record that a worker took up a task."""
        if number >= 0:
            attempt = self.state.trials[number].attempt + 1
            self._record("started", number=number, attempt=attempt)

    def message(self, number: int, message: Message) -> None:
        """Record what a worker says of its task."""
        kind = message["type"]
        if kind == "halted":
            raise SearchError(message["reason"])
        if number < 0:
            self.evaluation.message(number, message)
            return
        if kind == "note":
            self._record("noted", number=number, text=message["text"])
        elif kind in ("report", "finished"):
            self._reported(number, message)
        if kind == "finished":
            self._end(number, "finished", loss=message["loss"], metrics=message["metrics"])
        elif kind == "failed":
            self._end(number, "failed", status=message["status"], reason=message["reason"])

    def lost(self, number: int, reason: str, status: str = "crashed") -> None:
        """Record that the worker of a task died.

        Args:
            number: The task's.
            reason: What is known of the death.
            status: What the trial's failure is called if no attempt is left; ``timed_out`` gets
                no new attempt.
        """
        if number < 0:
            self.evaluation.lost(reason)
            return
        if status != "timed_out":
            self._record("lost", number=number, reason=reason)
            trial = self.state.trials[number]
            if self._failures.try_again(trial):
                self._again.append(trial)
                return
        self._end(number, "failed", status=status, reason=reason)

    def _next_trial(self) -> Trial | Signal:
        if self._again:
            return self._again.popleft()
        if not self._search_over:
            suggestion = self._conductor.next()
            self._prune()
            if isinstance(suggestion, Suggestion):
                return self._ask(suggestion)
            self._search_over = suggestion is Signal.DONE
            if not self._search_over:
                return Signal.WAIT
        return self._next_candidate()

    def _ask(self, suggestion: Suggestion) -> Trial:
        return self._asked(
            suggestion.number,
            SEARCH,
            suggestion.configuration_id,
            suggestion.configuration,
            budget=int(suggestion.budget),
            bracket=suggestion.bracket,
            rung=suggestion.rung,
            previous_budget=suggestion.previous_budget,
            origin=suggestion.origin,
            seed=trial_seed(self._settings.seed, suggestion.configuration_id, SEARCH),
            confirmation_seed=None,
        )

    def _next_candidate(self) -> Trial | Signal:
        trials = self.state.phase(CONFIRMATION)
        running = sum(not trial.ended for trial in trials)
        if self._candidates is None:
            self._candidates = self._remaining_candidates(len(trials))
        if self._candidates and running < self._settings.workers:
            candidate = self._candidates.popleft()
            return self._asked(
                len(self.state.trials),
                CONFIRMATION,
                candidate.trial.configuration_id,
                candidate.trial.configuration,
                budget=self._settings.confirmation_budget,
                bracket=None,
                rung=None,
                previous_budget=None,
                origin=CONFIRMATION,
                seed=candidate.seed,
                confirmation_seed=candidate.seed_index,
            )
        return Signal.WAIT if running or self._candidates else Signal.DONE

    def _remaining_candidates(self, asked: int) -> deque[Candidate]:
        settings = self._settings
        found = candidates(self.state, settings.seed, settings.configurations, settings.seeds)
        if not found:
            reasons = sorted({t.reason or t.status for t in self.state.phase(SEARCH)})
            raise AllFailedError(
                f"no trial finished, so there is no incumbent: {'; '.join(reasons)}"
            )
        return deque(found[asked:])

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self._settings.checkpoints

    def checkpoint(self, trial: Trial) -> Path:
        """Return where the model of a trial's configuration and seed is kept over its rungs."""
        return self._settings.checkpoints / trial.checkpoint_name

    def _task(self, trial: Trial) -> Task:
        settings = self._settings
        keeps = settings.resumable or settings.keeps_models or trial.phase == CONFIRMATION
        return Task(
            kind="train",
            number=trial.number,
            configuration_id=trial.configuration_id,
            configuration=dict(trial.configuration),
            seed=trial.seed,
            budget=trial.budget,
            checkpoint=str(self.checkpoint(trial)) if keeps else None,
            known_epochs=self.state.known_epochs(trial.configuration_id, trial.seed),
        )

    def _twin(self, trial: Trial) -> Trial | None:
        """Return an earlier trial of the same work, whose result is this one's too."""
        first = self.state.same_work[trial.work][0]
        return None if first == trial.number else self.state.trials[first]

    def _answer(self, trial: Trial, twin: Trial) -> None:
        fields: Mapping[str, Any] = (
            {"loss": twin.loss, "metrics": twin.metrics}
            if twin.finished
            else {"status": twin.status, "reason": twin.reason}
        )
        event = "finished" if twin.finished else "failed"
        self._result(
            trial, self._record(event, number=trial.number, **fields, answered_by=twin.number)
        )

    def _reported(self, number: int, message: Message) -> None:
        trial = self.state.trials[number]
        epoch = message["epoch"]
        if epoch > self.state.known_epochs(trial.configuration_id, trial.seed):
            self._record("reported", number=number, epoch=epoch, metrics=message["metrics"])

    def _end(self, number: int, event: str, **fields: Any) -> None:
        trial = self.state.trials[number]
        self._result(trial, self._record(event, number=number, **fields, answered_by=None))
        for other in self.state.same_work[trial.work]:
            if not self.state.trials[other].ended:
                self._answer(self.state.trials[other], trial)
        self._failures.check()

    def _result(self, trial: Trial, event: Event) -> None:
        if trial.phase == SEARCH:
            self._conductor.result(trial.number, event.get("loss"))
            self._kept.add(trial.number)

    def _prune(self) -> None:
        """Delete the checkpoints that no promotion can need any more."""
        needed = self._conductor.alive()
        for number in [
            n for n in self._kept if self.state.trials[n].configuration_id not in needed
        ]:
            self._kept.remove(number)
            self.checkpoint(self.state.trials[number]).unlink(missing_ok=True)

    def _asked(
        self,
        number: int,
        phase: str,
        configuration_id: str,
        configuration: Mapping[str, Any],
        **fields: Any,
    ) -> Trial:
        self._record(
            "asked",
            number=number,
            phase=phase,
            configuration_id=configuration_id,
            configuration=configuration,
            **fields,
        )
        return self.state.trials[number]

    def _record(self, event: str, **fields: Any) -> Event:
        record = self._ledger.append(event, **fields)
        self.state.apply(record)
        self._failures.follow(record)
        self._listen(record)
        return record

    def _replay(self) -> None:
        for event in self._ledger.events:
            if event["event"] == "asked" and event["phase"] == SEARCH:
                self._replay_ask(event)
            self.state.apply(event)
            self._failures.follow(event)
            if event["event"] in ("finished", "failed"):
                self._result(self.state.trials[event["number"]], event)

    def _replay_ask(self, event: Event) -> None:
        answer = self._conductor.next()
        recorded = (event["number"], event["configuration_id"], event["budget"])
        if not isinstance(answer, Suggestion) or recorded != (
            answer.number,
            answer.configuration_id,
            int(answer.budget),
        ):
            raise SearchError(
                f"the ledger's trial {event['number']} is not what the algorithm asks for now: "
                "another version of its packages or of this program wrote it; use another name="
            )
