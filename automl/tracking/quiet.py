"""MLflow's manners inside a search: silent, and quick to give up on a server."""

from __future__ import annotations

import logging
import os
import warnings

# What the user has set stays. MLflow's own limits (7 retries, 120 s) would hold a dead server's
# first request for minutes; the mirror has retries of its own.
_ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
_TALKERS = ("mlflow", "alembic", "sqlalchemy.pool", "urllib3.connectionpool")


def hush() -> None:
    """Set up environment, loggers and warning filters; call before MLflow is imported."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for module in ("mlflow", "alembic", "sqlalchemy"):
        warnings.filterwarnings("ignore", module=rf"{module}(\.|$)")
    silence_loggers()


def silence_loggers() -> None:
    """Silence what MLflow's import may have made talkative again."""
    for name in _TALKERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
