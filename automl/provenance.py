"""What made a result: code, versions, hardware. Never a user's name, host or path."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "deepfreak-automl",
    "ConfigSpace",
    "hpbandster",
    "hydra-core",
    "hyperopt",
    "mlflow",
    "numba",
    "numpy",
    "opencv-python-headless",
    "ray",
    "scikit-image",
    "scikit-learn",
    "torch",
)


def provenance() -> dict[str, Any]:
    """Return git revision, package versions, Python and hardware."""
    return {
        "git": git_revision(Path(__file__).resolve().parent),
        "versions": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "hardware": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
        },
    }


def git_revision(folder: Path) -> str:
    """Return the commit of the checkout around ``folder``, ``+changes`` if it has any."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
        return done.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "--short=12", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
