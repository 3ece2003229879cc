"""Searches by Ray Tune's TuneBOHB and HyperBandForBOHB, without Ray's processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import HyperBandForBOHB, TrialScheduler
from ray.tune.search.bohb import TuneBOHB

from benchmarks.quality.meter import Meter, Trace
from benchmarks.quality.seeding import foreign, stream_seed
from benchmarks.quality.surface import Configuration, Surface
from searchspaces import from_configspace, to_hpbandster

SLOTS = 2  # with one, a failure can halve a bracket that holds a single trial
ETA = 3


@dataclass(eq=False)
class _Trial:
    """What scheduler and controller read of Ray's `Trial`."""

    trial_id: str
    configuration: Configuration
    status: str = Trial.PENDING
    is_saving: bool = False
    epoch: int = 0


@dataclass
class _Controller:
    """What `TuneController` does with trials, results and the scheduler's decisions."""

    searcher: TuneBOHB
    scheduler: HyperBandForBOHB
    surface: Surface
    meter: Meter
    trials: list[_Trial] = field(default_factory=list)

    @property
    def search_alg(self) -> SimpleNamespace:
        """Where the scheduler finds the searcher."""
        return SimpleNamespace(searcher=self.searcher)

    def get_trials(self) -> list[_Trial]:
        """All trials, ended ones too."""
        return self.trials

    def stop_trial(self, trial: _Trial) -> None:
        """As `TuneController.stop_trial`."""
        if trial.status in (Trial.ERROR, Trial.TERMINATED):
            return
        if trial.status == Trial.RUNNING:
            self.scheduler.on_trial_complete(self, trial, {})
        else:
            self.scheduler.on_trial_remove(self, trial)
        self.searcher.on_trial_complete(trial.trial_id)
        trial.status = Trial.TERMINATED

    def running(self) -> list[_Trial]:
        """The trials that hold a slot."""
        return [trial for trial in self.trials if trial.status == Trial.RUNNING]

    def fill(self) -> None:
        """Give every free slot to the trial that the scheduler chooses; new ones are suggested."""
        while len(self.running()) < SLOTS:
            if not any(trial.status == Trial.PENDING for trial in self.trials):
                self._add_trial()
            chosen = self.scheduler.choose_trial_to_run(self)
            if chosen is None:
                return
            chosen.status = Trial.RUNNING

    def _add_trial(self) -> None:
        name = f"trial_{len(self.trials)}"
        encoded = self.searcher.suggest(name)
        if encoded is not None:
            trial = _Trial(name, from_configspace(self.surface.space, encoded))
            self.trials.append(trial)
            self.scheduler.on_trial_add(self, trial)

    def step(self, trial: _Trial) -> None:
        """Train a running trial for one epoch, and do what the scheduler decides."""
        trial.epoch += 1
        loss = self.meter.step(trial.configuration, trial.epoch, cost=1)
        if loss is None:
            self.meter.record(trial.configuration, trial.epoch, None)
            self.scheduler.on_trial_error(self, trial)
            self.searcher.on_trial_complete(trial.trial_id, error=True)
            trial.status = Trial.ERROR
            return
        result: dict[str, Any] = {"epoch": trial.epoch, "loss": loss}
        decision = self.scheduler.on_trial_result(self, trial, result)
        if "budget" in result["hyperband_info"]:  # the end of a rung
            self.meter.record(trial.configuration, trial.epoch, loss)
        if decision == TrialScheduler.STOP:  # the searcher does not hear of this result
            self.stop_trial(trial)
            return
        self.searcher.on_trial_result(trial.trial_id, result)
        if decision == TrialScheduler.PAUSE:
            trial.status = Trial.PAUSED


def bohb(surface: Surface, seed: int, total: int) -> Trace:
    """Run Ray's classes, with two slots that take turns epoch by epoch.

    Paused trials go on where they were, as they do in Ray. The trace holds the results at which
    the scheduler judges; budgets are epochs, so `max_t` is the surface's largest budget. A search
    that stalls ends early.
    """
    start = stream_seed(seed, "ray")
    with foreign(start):
        searcher = TuneBOHB(
            to_hpbandster(surface.space),
            metric="loss",
            mode="min",
            seed=start,
            max_concurrent=SLOTS,
        )
        scheduler = HyperBandForBOHB(
            time_attr="epoch",
            metric="loss",
            mode="min",
            max_t=surface.max_budget,
            reduction_factor=ETA,
        )
        meter = Meter(surface, total)
        controller = _Controller(searcher, scheduler, surface, meter)
        controller.fill()
        while running := controller.running():
            for trial in running:
                if not meter.affords(1):
                    return meter.trace()
                controller.step(trial)
                controller.fill()
        return meter.trace()
