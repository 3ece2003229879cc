"""A trial of Ray Tune's that costs no more than its task needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
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
        actor: The class that runs tasks; it has the methods of Ray Tune's ``Trainable``, and need
            not be one.
        resources: What the actor asks for.
        words: What the actor gets: the task and the worker, as JSON.
        started: Called when a worker takes the task up.
    """

    def __init__(
        self,
        experiment: Experiment,
        actor: type,
        resources: tune.PlacementGroupFactory,
        words: Mapping[str, str],
        started: Callable[[], None],
    ) -> None:
        spec = experiment.spec
        self._actor = actor
        self._started = started
        super().__init__(
            spec["run"],
            config=_Words(words),
            storage=spec["storage"],
            checkpoint_config=spec["checkpoint_config"],
            log_to_file=spec["log_to_file"],
            max_failures=spec["max_failures"],
            placement_group_factory=resources,
            # Not to be looked up, as the class is here.
            stub=True,
            _setup_default_resource=False,
        )
        self.relative_logdir = self.storage.trial_dir_name = _FOLDER
        _keep_here(self.storage)

    def get_trainable_cls(self) -> type:
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


class _Words(dict[str, Any]):
    """What an actor gets; of what Ray adds for its ``Trainable``, nothing travels.

    To read that, a worker would have to import Ray Tune.
    """

    def __init__(self, words: Mapping[str, str]) -> None:
        super().__init__(words)
        self._sent = dict(words)

    def __deepcopy__(self, memo: object) -> _Words:
        return _Words(self._sent)

    def __reduce__(self) -> tuple[type, tuple[dict[str, str]]]:
        return dict, (self._sent,)


def _keep_here(storage: Any) -> None:
    """Let a worker get None for Ray's place for results, for the same reason."""
    kind = type(storage)
    storage.__class__ = type(kind.__name__, (kind,), {"__reduce__": lambda _: (type(None), ())})
