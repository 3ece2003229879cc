"""Ray Tune as the driver's hands: every task is a trial of its own, in an actor that is kept."""

from __future__ import annotations

import json
import logging
import os
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune.experiment import Experiment
from ray.tune.experiment import Trial as RayTrial
from ray.tune.search.search_algorithm import SearchAlgorithm

from automl.algorithms import Signal
from automl.driver import Driver
from automl.errors import one_line
from automl.ray_order import InOrder
from automl.ray_trial import TaskTrial
from automl.session import WorkerSpec
from automl.settings import ResourceSettings
from automl.watchdog import where_it_hung
from automl.worker import TrialActor

_LOW_ON_MEMORY = "running low on memory"  # in Ray's words on a worker that it killed for that


def dispatch(
    driver: Driver,
    worker: WorkerSpec,
    trial: ResourceSettings,
    *,
    workers: int,
    scratch: Path,
) -> None:
    """Run every task of the driver as a Ray Tune trial, until it has no more.

    Args:
        driver: Gives the tasks and takes their messages.
        worker: What each worker sets up once.
        trial: Resources of one trial.
        workers: Trials at the same time.
        scratch: Folder for Ray's own files; removed at the end.

    Raises:
        SearchError: The search cannot go on; its ledger keeps what there is.
    """
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(workers)
    hung = Path(worker.hung)
    resources = tune.PlacementGroupFactory([{"CPU": trial.cpus, "GPU": trial.gpus}])
    tasks = _Tasks(driver, worker, workers, resources)
    tuner = tune.Tuner(
        _Named,
        tune_config=tune.TuneConfig(
            search_alg=tasks, scheduler=InOrder(workers), reuse_actors=True
        ),
        run_config=tune.RunConfig(
            name="trials",
            storage_path=str(scratch),
            verbose=0,
            log_to_file=False,
            stop=_Stopper(tasks),
            # A new attempt is the driver's to decide, and a Tune trial of its own.
            failure_config=tune.FailureConfig(max_failures=0),
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
        ),
    )
    _remove(scratch, hung)
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tuner.fit()
    finally:
        _remove(scratch, hung)
    if tasks.error is not None:
        raise tasks.error


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


class _Named(tune.Trainable):
    """What a tuner must be given; every trial says itself what runs it."""


class _Tasks(SearchAlgorithm):
    """Hands the driver's tasks to Ray Tune and Ray Tune's results to the driver.

    Ray swallows what is raised here, so an error is kept and ends the run from here.
    """

    def __init__(
        self,
        driver: Driver,
        worker: WorkerSpec,
        workers: int,
        resources: tune.PlacementGroupFactory,
    ) -> None:
        self._driver = driver
        self._hung = Path(worker.hung)
        self._worker = json.dumps(asdict(worker))
        self._workers = workers
        self._resources = resources
        self._experiment: Experiment
        self._live: dict[str, tuple[int, TaskTrial]] = {}
        self.error: Exception | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def add_configurations(self, experiments: Sequence[Experiment]) -> None:
        """Take what all trials have in common."""
        (self._experiment,) = experiments

    def next_trial(self) -> TaskTrial | None:
        """Return the next task as a trial."""
        if len(self._live) == self._workers or self.is_finished():
            return None
        try:
            task = self._driver.next_task() if self.error is None else Signal.DONE
        except Exception as error:  # kept: raised again by dispatch()
            self.error = error
            task = Signal.DONE
        if task is Signal.DONE:
            self.set_finished()
        if isinstance(task, Signal):
            return None
        number = task.number
        trial = TaskTrial(
            self._experiment,
            TrialActor,
            self._resources,
            {"task": json.dumps(task.to_dict()), "worker": self._worker},
            lambda: self._guard(lambda: self._driver.started(number)),
        )
        self._live[trial.trial_id] = number, trial
        return trial

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Pass on a message that is not the task's last."""
        self._pass_on(self._live[trial_id][0], result)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Pass on the task's last message, or that its worker died."""
        if error:
            number, trial = self._live.pop(trial_id)
            reason, status = _death(trial, where_it_hung(self._hung, number))
            self._guard(lambda: self._driver.lost(number, reason, status))
        elif result is not None and result.get("done"):
            number, _ = self._live.pop(trial_id)
            self._pass_on(number, result)

    def _pass_on(self, number: int, result: dict[str, Any]) -> None:
        self._guard(lambda: self._driver.message(number, json.loads(result["message"])))

    def _guard(self, action: Any) -> None:
        if self.error is not None:
            return
        try:
            action()
        except Exception as error:  # kept: raised again by dispatch()
            self.error = error


class _Stopper(tune.Stopper):
    """Stops the run when the driver cannot go on."""

    def __init__(self, tasks: _Tasks) -> None:
        self._tasks = tasks

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __call__(self, *_: Any) -> bool:
        return False

    def stop_all(self) -> bool:
        """Whether an error is kept."""
        return self._tasks.error is not None


def _death(trial: RayTrial, place: str | None) -> tuple[str, str]:
    """Return why a trial's worker died, and the status that this makes of the trial."""
    if place is not None:
        return f"took longer than failures.trial_seconds; stood at {place}", "timed_out"
    error = trial.get_pickled_error()
    text = one_line(error) if error is not None else "its worker process died"
    status = "out_of_memory" if _LOW_ON_MEMORY in text else "crashed"
    return (text if len(text) <= 300 else f"{text[:297]}..."), status
