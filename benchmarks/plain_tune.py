"""No-op trials by a plain ``tune.Tuner``, as JSON: seconds from first to last end.

python -m benchmarks.plain_tune TRIALS [TRACKING_URI]

With a URI, Ray's own ``MLflowLoggerCallback`` writes to it. In Ray's favour actors are reused and
its CSV, JSON and TensorBoard files are off, so that tracking alone is added to dispatching.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
import warnings
from typing import Any

os.environ |= {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}

import ray
from ray import tune
from ray.air.integrations.mlflow import MLflowLoggerCallback

CPUS = 2


class Nothing(tune.Trainable):
    def step(self) -> dict[str, Any]:
        return {"validation_accuracy": 1.0 - self.config["x"], "done": True}

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        return True


class Ends(tune.Callback):
    def __init__(self) -> None:
        self.times: list[float] = []

    def on_trial_complete(self, **_: Any) -> None:
        self.times.append(time.perf_counter())


def main(trials: int, uri: str | None) -> None:
    logging.disable(logging.ERROR)
    warnings.simplefilter("ignore")
    ray.init(num_cpus=CPUS, include_dashboard=False, log_to_driver=False)
    ends = Ends()
    tracking = [] if uri is None else [MLflowLoggerCallback(uri, experiment_name="plain")]
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            Nothing,
            param_space={"x": tune.uniform(0, 1), "y": tune.loguniform(1e-4, 1)},
            tune_config=tune.TuneConfig(num_samples=trials, reuse_actors=True),
            run_config=tune.RunConfig(
                name="plain",
                storage_path=folder,
                verbose=0,
                log_to_file=False,
                callbacks=[*tracking, ends],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )
        tuner.fit()
        ray.shutdown()
    print(json.dumps({"seconds": ends.times[-1] - ends.times[0]}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
