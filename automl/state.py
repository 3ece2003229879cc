"""What the ledger says, folded into records of trials. A view: it decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from automl.errors import SearchError, UserError, one_line
from automl.objective import excess

SEARCH = "search"
CONFIRMATION = "confirmation"


@dataclass
class Trial:
    """One configuration at one budget with one seed, as far as the ledger knows it."""

    number: int
    phase: str
    configuration_id: str
    configuration: Mapping[str, Any]
    budget: int
    bracket: int | None
    rung: int | None
    previous_budget: int | None
    origin: str
    seed: int
    confirmation_seed: int | None
    status: str = "asked"
    attempt: int = 0
    lost: int = 0
    loss: float | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    answered_by: int | None = None
    epochs: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether it has a result, be it a failure."""
        return self.status not in ("asked", "running")

    @property
    def finished(self) -> bool:
        """Whether it reached its budget."""
        return self.status == "finished"

    @property
    def accuracy(self) -> float | None:
        """Validation accuracy at its budget, if it finished."""
        return self.metrics.get("validation_accuracy") if self.finished else None

    @property
    def checkpoint_name(self) -> str:
        """File name of its model, kept over the rungs of its configuration and seed."""
        return f"{self.configuration_id}-{self.seed}.ckpt"

    @property
    def work(self) -> tuple[str, int, int]:
        """What is computed: two trials with equal work have equal results."""
        return self.configuration_id, self.seed, self.budget


class SearchState:
    """All records of a search, kept up to date event by event."""

    def __init__(self) -> None:
        self.plan: Mapping[str, Any] | None = None
        self.trials: dict[int, Trial] = {}
        # Numbers of the trials that compute the same thing, in the order of their asks.
        self.same_work: dict[tuple[str, int, int], list[int]] = {}
        # Metrics by epoch of each configuration and seed: one curve over all its rungs.
        self.curves: dict[tuple[str, int], dict[int, Mapping[str, Any]]] = {}
        self.chosen: Mapping[str, Any] | None = None
        self.unsealed = False
        self.evaluated: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.closed = False

    def apply(self, event: Mapping[str, Any]) -> None:
        """Take one event of the ledger, in its order."""
        handler = getattr(self, f"_on_{event['event']}", None)
        if handler is None:
            raise SearchError(f"the ledger has an event of unknown kind '{event['event']}'")
        handler(event)

    def phase(self, name: str) -> list[Trial]:
        """Return the trials of a phase in the order of their asks."""
        return [trial for trial in self.trials.values() if trial.phase == name]

    def known_epochs(self, configuration_id: str, seed: int) -> int:
        """Return the last epoch that the ledger has of a configuration and seed."""
        return max(self.curves.get((configuration_id, seed), {}), default=0)

    def _on_plan(self, event: Mapping[str, Any]) -> None:
        self.plan = event

    def _on_resumed(self, _: Mapping[str, Any]) -> None:
        pass

    def _on_noted(self, event: Mapping[str, Any]) -> None:
        self.trials[event["number"]].notes.append(event["text"])

    def _on_asked(self, event: Mapping[str, Any]) -> None:
        fields = {key: event[key] for key in _ASKED}
        trial = Trial(**fields)
        self.trials[trial.number] = trial
        self.same_work.setdefault(trial.work, []).append(trial.number)

    def _on_started(self, event: Mapping[str, Any]) -> None:
        trial = self.trials[event["number"]]
        trial.status = "running"
        trial.attempt = event["attempt"]

    def _on_lost(self, event: Mapping[str, Any]) -> None:
        trial = self.trials[event["number"]]
        trial.status = "asked"
        trial.lost += 1

    def _on_reported(self, event: Mapping[str, Any]) -> None:
        trial = self.trials[event["number"]]
        trial.epochs.append(event["epoch"])
        curve = self.curves.setdefault((trial.configuration_id, trial.seed), {})
        curve[event["epoch"]] = event["metrics"]

    def _on_finished(self, event: Mapping[str, Any]) -> None:
        trial = self.trials[event["number"]]
        trial.status = "finished"
        trial.loss = event["loss"]
        trial.metrics = event["metrics"]
        trial.answered_by = event["answered_by"]

    def _on_failed(self, event: Mapping[str, Any]) -> None:
        trial = self.trials[event["number"]]
        trial.status = event["status"]
        trial.reason = event["reason"]
        trial.answered_by = event.get("answered_by")

    def _on_chosen(self, event: Mapping[str, Any]) -> None:
        self.chosen = event

    def _on_unsealed(self, _: Mapping[str, Any]) -> None:
        self.unsealed = True

    def _on_evaluated(self, event: Mapping[str, Any]) -> None:
        self.evaluated[event["domain"], event["split"]] = event

    def _on_closed(self, _: Mapping[str, Any]) -> None:
        self.closed = True


def replayed(events: Sequence[Mapping[str, Any]], path: Path) -> SearchState:
    """Return what the events of a ledger amount to.

    Args:
        events: Of the ledger, in its order.
        path: The ledger, for the message.

    Raises:
        UserError: They are not of this version, or the first one, the plan, is gone.
    """
    state = SearchState()
    try:
        for event in events:
            state.apply(event)
    except (SearchError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: cannot be read by this version ({one_line(error)}); "
            "use the version that wrote it"
        ) from error
    if events and state.plan is None:
        raise UserError(f"{path}: its first line, the plan, is gone; restore the file from a copy")
    return state


_ASKED = (
    "number",
    "phase",
    "configuration_id",
    "configuration",
    "budget",
    "bracket",
    "rung",
    "previous_budget",
    "origin",
    "seed",
    "confirmation_seed",
)


def rank(trial: Trial) -> tuple[float, float, float]:
    """Return what finished trials are ordered by, the best first."""
    return -trial.budget, excess(trial.loss), -(trial.accuracy or 0.0)


def best_first(trials: Iterable[Trial]) -> list[Trial]:
    """Return each configuration's finished trial at its largest budget, the best first.

    A larger budget goes before a smaller, a fast enough configuration before one beyond the
    objective's limit, a higher accuracy before a lower, an earlier ask before an equal later
    one: the first is the incumbent.
    """
    largest: dict[str, Trial] = {}
    for trial in trials:
        known = largest.get(trial.configuration_id)
        if trial.finished and (known is None or trial.budget > known.budget):
            largest[trial.configuration_id] = trial
    return sorted(largest.values(), key=lambda trial: (*rank(trial), trial.number))
