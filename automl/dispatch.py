"""Ray: where the trials run. Only this file and ``worker`` import it."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import socket
import threading
import warnings
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune.experiment import Trial as RayTrial
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

from automl import environment
from automl.algorithms import Signal
from automl.driver import Driver
from automl.errors import UserError, one_line
from automl.session import WorkerSpec
from automl.settings import ClusterSettings, ResourceSettings
from automl.watchdog import where_it_hung
from automl.worker import TrialActor

_MANY = 1_000_000_000  # The searcher says when it has finished.
_LOW_ON_MEMORY = "running low on memory"  # in Ray's words on a worker that it killed for that


@contextmanager
def cluster(settings: ClusterSettings) -> Iterator[None]:
    """Start or join the Ray cluster, check that a trial fits on a node, leave it at the end.

    Raises:
        UserError: There is no such cluster, or no node has what a trial asks for.
    """
    local = settings.address == "local"
    _check_reachable(settings.address)
    environment.prepare()
    logging.getLogger("ray").setLevel(logging.ERROR)
    terminate = signal.getsignal(signal.SIGTERM)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(
                address=settings.address,
                num_cpus=settings.cpus if local else None,
                include_dashboard=False if local else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
                configure_logging=True,
            )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UserError(
            f"cluster.address: no Ray cluster at '{settings.address}' ({one_line(error)[:160]}); "
            "start one with `ray start --head`, or use cluster=local"
        ) from error
    if threading.current_thread() is threading.main_thread():
        # Ray puts a handler of its own in the place of ours.
        signal.signal(signal.SIGTERM, terminate)
    try:
        _check_fit(settings.trial)
        yield
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Refuse an address behind which nobody listens; Ray itself would wait for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=3.0).close()
    except OSError as error:
        raise UserError(
            f"cluster.address: no Ray cluster at '{address}' ({one_line(error)}); "
            "start one with `ray start --head`, or use cluster=local"
        ) from error


def _check_fit(trial: ResourceSettings) -> None:
    wanted = {"CPU": trial.cpus, "GPU": trial.gpus}
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    for resource, amount in wanted.items():
        best = max((node.get(resource, 0.0) for node in nodes), default=0.0)
        if amount > best:
            key = f"cluster.trial.{resource.lower()}s"
            have = f"the most that a node has is {best:g}" if best else "no node has any"
            raise UserError(f"{key}: a trial asks for {amount:g} {resource}, but {have}; lower it")
    if not any(all(node.get(r, 0.0) >= a for r, a in wanted.items()) for node in nodes):
        raise UserError("cluster.trial: no single node has the CPUs and GPUs that a trial asks for")


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
    searcher = _TaskSearcher(driver, worker, workers)
    actor = tune.with_parameters(TrialActor, worker=asdict(worker))
    tuner = tune.Tuner(
        tune.with_resources(actor, {"cpu": trial.cpus, "gpu": trial.gpus}),
        tune_config=tune.TuneConfig(
            search_alg=searcher, scheduler=_InOrder(workers), num_samples=_MANY, reuse_actors=True
        ),
        run_config=tune.RunConfig(
            name="trials",
            storage_path=str(scratch),
            verbose=0,
            log_to_file=False,
            callbacks=[_Attempts(searcher)],
            stop=_Stopper(searcher),
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
    if searcher.error is not None:
        raise searcher.error


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


class _TaskSearcher(Searcher):
    """Hands the driver's tasks to Ray Tune and Ray Tune's results to the driver.

    Ray swallows what a searcher raises, so an error is kept and ends the run from here.
    """

    def __init__(self, driver: Driver, worker: WorkerSpec, workers: int) -> None:
        super().__init__()
        self._driver = driver
        self._worker = worker
        self._workers = workers
        self._numbers: dict[str, int] = {}
        self.trials: dict[str, RayTrial] = {}
        self.error: Exception | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the ledger has it."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: the driver replays the ledger."""

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """Return the next task as a trial's config."""
        if len(self._numbers) == self._workers:
            return None
        try:
            task = self._driver.next_task() if self.error is None else Signal.DONE
        except Exception as error:  # kept: raised again by dispatch()
            self.error = error
            task = Signal.DONE
        if task is Signal.DONE:
            return Searcher.FINISHED  # type: ignore[no-any-return]
        if isinstance(task, Signal):
            return None
        self._numbers[trial_id] = task.number
        return {"task": json.dumps(task.to_dict())}

    def started(self, trial: RayTrial) -> None:
        """A worker took the trial up, for the first time or again."""
        self.trials[trial.trial_id] = trial
        self._guard(lambda: self._driver.started(self._numbers[trial.trial_id]))

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Pass on a message that is not the task's last."""
        self._pass_on(trial_id, result)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Pass on the task's last message, or that its worker died."""
        trial = self.trials.pop(trial_id, None)
        if error:
            number = self._numbers.pop(trial_id)
            reason, status = _death(trial, where_it_hung(Path(self._worker.hung), number))
            self._guard(lambda: self._driver.lost(number, reason, status))
        elif result is not None and result.get("done"):
            self._pass_on(trial_id, result)
            del self._numbers[trial_id]

    def _pass_on(self, trial_id: str, result: dict[str, Any]) -> None:
        number = self._numbers[trial_id]
        self._guard(lambda: self._driver.message(number, json.loads(result["message"])))

    def _guard(self, action: Any) -> None:
        if self.error is not None:
            return
        try:
            action()
        except Exception as error:  # kept: raised again by dispatch()
            self.error = error


class _InOrder(FIFOScheduler):
    """Starts trials in the order in which they were added, and keeps every worker's actor.

    Ray's own FIFO looks through all trials there ever were, at every step. And of the actors
    that have nothing to do for a moment, as at the end of a rung, Ray keeps one: the others'
    images, imports and compiled code would be set up anew.
    """

    def __init__(self, workers: int) -> None:
        super().__init__()
        self._workers = workers
        self._waiting: deque[RayTrial] = deque()
        self._kept = False

    def on_trial_add(self, tune_controller: Any, trial: RayTrial) -> None:
        """Line the trial up."""
        self._waiting.append(trial)
        if not self._kept:
            self._kept = True
            # No public setting has it; without it, a later Ray would only be slower.
            cache = getattr(tune_controller, "_actor_cache", None)
            if cache is not None:
                cache.increase_max(trial.placement_group_factory, by=self._workers)

    def choose_trial_to_run(self, tune_controller: Any) -> RayTrial | None:  # noqa: ARG002
        """Return each trial once, in turn: Ray then finds it an actor, or starts one.

        A trial that is returned again while its actor starts would be given the next actor that
        gets free, and its own would be given up: trials that are shorter than the start of an
        actor would for ever share one.
        """
        while self._waiting:
            trial = self._waiting.popleft()
            if trial.status == RayTrial.PENDING:
                return trial
        return None


class _Attempts(tune.Callback):
    """Tells the searcher when a trial is taken up, and lightens those that ended."""

    def __init__(self, searcher: _TaskSearcher) -> None:
        self._searcher = searcher

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def on_trial_start(self, *, trial: RayTrial, **_: Any) -> None:
        """Pass it on."""
        self._searcher.started(trial)

    def on_trial_complete(self, *, trial: RayTrial, **_: Any) -> None:
        """Drop Ray's statistics of the trial: nobody asks for them, and Ray keeps every trial."""
        trial.metric_analysis.clear()
        trial.metric_n_steps.clear()


class _Stopper(tune.Stopper):
    """Stops the run when the driver cannot go on."""

    def __init__(self, searcher: _TaskSearcher) -> None:
        self._searcher = searcher

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __call__(self, *_: Any) -> bool:
        return False

    def stop_all(self) -> bool:
        """Whether an error is kept."""
        return self._searcher.error is not None


def _death(trial: RayTrial | None, place: str | None) -> tuple[str, str]:
    """Return why a trial's worker died, and the status that this makes of the trial."""
    if place is not None:
        return f"took longer than failures.trial_seconds; stood at {place}", "timed_out"
    error = trial.get_pickled_error() if trial is not None else None
    text = one_line(error) if error is not None else "its worker process died"
    status = "out_of_memory" if _LOW_ON_MEMORY in text else "crashed"
    return (text if len(text) <= 300 else f"{text[:297]}..."), status
