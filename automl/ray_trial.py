"""A trial of Ray Tune's that costs no more than its task needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ray import tune
from ray.tune.experiment import Experiment
from ray.tune.experiment import Trial as RayTrial

# Ray makes a folder for each trial; ours keep nothing in it.
_FOLDER = "trial"


class TaskTrial(RayTrial):
    """One task on its way through Ray Tune.

    Ray keeps every trial to the end of the run, with statistics of its metrics, and asks its
    key-value store and the trial's actor for what is known here. None of that is ever looked at:
    the ledger has it.

    Args:
        experiment: What Ray made of the tuner's arguments.
        actor: The class that runs tasks.
        task: The task as JSON.
        started: Called when a worker takes the task up.
    """

    def __init__(
        self,
        experiment: Experiment,
        actor: type[tune.Trainable],
        task: str,
        started: Callable[[], None],
    ) -> None:
        spec = experiment.spec
        config = {"task": task}
        self._actor = actor
        self._started = started
        super().__init__(
            spec["run"],
            config=config,
            storage=spec["storage"],
            checkpoint_config=spec["checkpoint_config"],
            log_to_file=spec["log_to_file"],
            max_failures=spec["max_failures"],
            placement_group_factory=actor.default_resource_request(config),
            # Not to be looked up, as the class is here.
            stub=True,
            _setup_default_resource=False,
        )
        self.relative_logdir = self.storage.trial_dir_name = _FOLDER

    def get_trainable_cls(self) -> type[tune.Trainable]:
        """Return the class that runs tasks."""
        return self._actor

    def set_status(self, status: str) -> None:
        """Take the status; say so when a worker has taken the task up."""
        is_started = status == RayTrial.RUNNING and self.status != status
        super().set_status(status)
        if is_started:
            self._started()

    def set_ray_actor(self, ray_actor: Any) -> None:
        """Take the actor, without asking it for its metrics."""
        self.temporary_state.ray_actor = ray_actor

    def update_last_result(self, result: dict[str, Any]) -> None:
        """Take a result, without statistics of it."""
        self.run_metadata.last_result = result
        self.run_metadata.last_result_time = time.time()

    def get_json_state(self) -> tuple[str, str]:
        """Nothing is restored from Ray's snapshots: the driver replays the ledger."""
        return "{}", "{}"
