"""The tree of runs that a ledger amounts to: a pure function of its events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from automl.tracking import description, naming, plan_view, results_view, trial_view
from automl.tracking.incumbent import Incumbent
from automl.tracking.run_view import FAILED, FINISHED, KILLED, RUNNING, RunKey, RunView

Event = Mapping[str, Any]


class SearchView:
    """The runs of one search, brought forward event by event.

    Folding the same events always gives the same tree, so that a mirror that was killed at any
    moment only has to fold again and write what MLflow lacks.
    """

    def __init__(self) -> None:
        self.parent: RunView | None = None
        self.children: dict[RunKey, RunView] = {}
        self._plan: Event = {}
        self._asked: dict[int, Event] = {}
        self._epochs: dict[int, int] = {}
        self._running: set[int] = set()
        self._incumbent = Incumbent()
        self._failed = 0
        self._finished = 0

    @property
    def search_id(self) -> str:
        """The search's id, once its plan was folded."""
        return str(self._plan["search_id"])

    @property
    def experiment_tags(self) -> dict[str, str]:
        """What the search's experiment should have, once its plan was folded."""
        return plan_view.experiment_tags(self._plan)

    def fold(self, event: Event) -> None:
        """Bring the tree forward by one event; kinds that are not known change nothing.

        Raises:
            KeyError: The event lacks a field that its kind must have, or comes before the plan.
        """
        handler = getattr(self, f"_on_{event['event']}", None)
        if handler is not None:
            handler(event)

    def stop(self, status: str, time: int) -> None:
        """Mark the parent as ended, unless it has ended so, and what still runs as killed."""
        if self.parent is not None and self.parent.status != status:
            self.parent.finish(status, time)
        self._interrupt(time)

    @property
    def is_running(self) -> bool:
        """Whether the search was opened and has not ended."""
        return self.parent is not None and self.parent.status == RUNNING

    def conclude(self, results: Mapping[str, Any], time: int) -> None:
        """Take the search's results, as of ``time``: the parent's final figures and text."""
        parent = self._parent()
        parent.summary, parent.summary_time = results_view.summary(results), time
        parent.tags["mlflow.note.content"] = naming.tag_value(
            description.of_results(self._plan, results)
        )

    def _on_plan(self, event: Event) -> None:
        self._plan = event
        self.parent = plan_view.parent_run(event)
        self.parent.inputs.extend(plan_view.inputs(event, test=False))

    def _on_resumed(self, event: Event) -> None:
        self._interrupt(naming.milliseconds(event))
        self._parent().begin()

    def _on_asked(self, event: Event) -> None:
        self._asked[event["number"]] = event
        key = trial_view.run_key(event)
        if key in self.children:
            trial_view.describe_trial(self.children[key], event)

    def _on_started(self, event: Event) -> None:
        run = self._run(event)
        run.tag(status="running", attempt=event.get("attempt"))
        run.begin()
        self._running.add(event["number"])

    def _on_reported(self, event: Event) -> None:
        run = self._run(event)
        run.add(event["metrics"], naming.milliseconds(event), event["epoch"])
        self._epochs[event["number"]] = event["epoch"]

    def _on_finished(self, event: Event) -> None:
        asked, run = self._end(event, FINISHED)
        run.tag(status="finished", answered_by=event.get("answered_by"))
        trial_view.add_result(run, asked, event)
        if asked["phase"] == "search":
            self._finished += 1
            if event.get("answered_by") is None:
                self._incumbent.spend(asked, asked["budget"])
            self._incumbent.offer(asked, event)
            self._progress(event)

    def _on_failed(self, event: Event) -> None:
        asked, run = self._end(event, FAILED)
        run.tag(status=event["status"], reason=event.get("reason"))
        if asked["phase"] == "search":
            self._failed += 1
            self._incumbent.spend(asked, self._epochs.get(event["number"], 0))
            self._progress(event)

    def _on_chosen(self, event: Event) -> None:
        self._parent().tag(chosen=event["configuration_id"])
        self._run(event).tag(chosen="true")

    def _on_unsealed(self, event: Event) -> None:
        opened = datetime.fromtimestamp(event["time"], UTC)
        self._parent().tag(test_splits_opened=opened.isoformat(timespec="seconds"))
        self._parent().inputs.extend(plan_view.inputs(self._plan, test=True))

    def _on_evaluated(self, event: Event) -> None:
        if event["split"] != "test":
            return  # Known with the results, together with the test split.
        stem = f"{event['split']}_accuracy_{event['domain']}"
        low, high = event["interval"]
        facts = {stem: event["accuracy"], f"{stem}_low": low, f"{stem}_high": high}
        self._parent().add(facts, naming.milliseconds(event), 0)

    def _on_closed(self, event: Event) -> None:
        self.stop(FINISHED, naming.milliseconds(event))

    def _parent(self) -> RunView:
        if self.parent is None:
            raise KeyError("plan")
        return self.parent

    def _run(self, event: Event) -> RunView:
        """Return the run of the trial that an event names; make it with its first trial."""
        asked = self._asked[event["number"]]
        key = trial_view.run_key(asked)
        if key not in self.children:
            self.children[key] = trial_view.new_run(asked, self._plan)
            trial_view.describe_trial(self.children[key], asked)
        return self.children[key]

    def _end(self, event: Event, status: str) -> tuple[Event, RunView]:
        run = self._run(event)
        self._running.discard(event["number"])
        if not any(self._run({"number": number}) is run for number in self._running):
            run.finish(status, naming.milliseconds(event))
        return self._asked[event["number"]], run

    def _progress(self, event: Event) -> None:
        parent, best = self._parent(), self._incumbent
        parent.tag(
            trials_finished=self._finished,
            trials_failed=self._failed,
            incumbent=best.configuration_id,
        )
        facts = {
            "incumbent_validation_accuracy": best.accuracy,
            "incumbent_budget": best.budget or None,
        }
        parent.add(facts, naming.milliseconds(event), round(best.spent))

    def _interrupt(self, time: int) -> None:
        """Mark runs as killed whose trials have no end in the ledger."""
        self._running.clear()
        for run in self.children.values():
            if run.status == RUNNING:
                run.finish(KILLED, time)
                run.tag(status="interrupted")
