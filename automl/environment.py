"""What libraries read from the environment, set before they are imported."""

from __future__ import annotations

import os

_SETTINGS = {
    # Trials keep the driver's working directory; results go to our ledger alone.
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    # A Ctrl-C is ours to handle, and Ray Tune's snapshots are never read again.
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "86400",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    # Ray's own words: a dead worker is in the ledger with its reason.
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    "RAY_TQDM": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def prepare() -> None:
    """Set what the user has not set."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
