"""Which trial Ray Tune starts next, and in whose actor."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import ray
from ray.tune.experiment import Trial as RayTrial
from ray.tune.schedulers import FIFOScheduler

# Until Ray has found room for a trial's actor, and knows it as one that is starting.
_PLACING_SECONDS = 5.0


class InOrder(FIFOScheduler):
    """Starts trials in the order in which they were added, and keeps every worker's actor.

    Ray's own FIFO looks through all trials there ever were, at every step. Of the actors that
    have nothing to do for a moment, as at the end of a rung, Ray keeps one: the others' images,
    imports and compiled code would be set up anew. And Ray gives a trial whose actor is starting
    the next actor that gets free, and gives the starting one up: trials that are shorter than
    the start of an actor would for ever share one. And an actor gets environment variables that
    Ray's ``Trainable`` reads, for which a process is started twice where one that is ready waits.

    No public setting has any of that. Where a later Ray lacks what is reached for here, a search
    is slower and no different.
    """

    def __init__(self, workers: int) -> None:
        super().__init__()
        self._workers = workers
        self._waiting: deque[RayTrial] = deque()
        self._chosen: dict[RayTrial, float] = {}
        self._kept = False

    def on_trial_add(self, tune_controller: Any, trial: RayTrial) -> None:
        """Line the trial up."""
        self._waiting.append(trial)
        if not self._kept:
            self._kept = True
            cache = getattr(tune_controller, "_actor_cache", None)
            if cache is not None:
                cache.increase_max(trial.placement_group_factory, by=self._workers)
            classes = getattr(getattr(tune_controller, "_class_cache", None), "_cache", None)
            if classes is not None:
                actor = trial.get_trainable_cls()
                classes.setdefault(actor, ray.remote(actor))

    def choose_trial_to_run(self, tune_controller: Any) -> RayTrial | None:
        """Return each trial once, in turn: Ray then finds it an actor, or starts one."""
        self._leave_starting_alone(tune_controller)
        while self._waiting:
            trial = self._waiting.popleft()
            if trial.status == RayTrial.PENDING:
                self._chosen[trial] = time.monotonic()
                return trial
        return None

    def _leave_starting_alone(self, tune_controller: Any) -> None:
        """Show Ray, as trials in want of a free actor, none whose own actor is starting.

        One whose actor has no room, as when a node has gone, may have another's.
        """
        wanting = getattr(tune_controller, "_resources_to_pending_trials", None)
        actors = getattr(tune_controller, "_trial_to_actor", None)
        manager = getattr(tune_controller, "_actor_manager", None)
        if wanting is None or actors is None or manager is None:
            return
        for trial, since in list(self._chosen.items()):
            if trial.status != RayTrial.PENDING:
                del self._chosen[trial]
                continue
            of_its_size = wanting[trial.placement_group_factory]
            actor = actors.get(trial)
            is_starting = actor is not None and manager.is_actor_started(actor)
            if is_starting or time.monotonic() - since < _PLACING_SECONDS:
                of_its_size.discard(trial)
            else:
                of_its_size.add(trial)
