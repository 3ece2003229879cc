"""Calling a command, in this process or in one of its own."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

MODULES = {
    "run": "automl.run",
    "predict": "automl.predict",
    "compare": "automl.compare",
    "report": "automl.report.__main__",
    "sync": "automl.sync",
    "ui": "automl.ui",
    "simulate": "diffranet.simulate",
}


class Said(NamedTuple):
    """What a command left."""

    status: int
    out: str
    err: str


def here(command: str, words: list[str], capsys, monkeypatch) -> Said:
    """Call a command's main function."""
    module = importlib.import_module(MODULES[command])
    monkeypatch.setattr(sys, "argv", [command, *words])
    capsys.readouterr()
    try:
        status = module.main() if command == "ui" else module.main(words)
    except SystemExit as ended:
        status = ended.code
    return Said(status or 0, *capsys.readouterr())


def apart(command: str, words: list[str], folder: Path) -> Said:
    """Run a command as a user would."""
    done = subprocess.run(
        [sys.executable, "-m", MODULES[command].removesuffix(".__main__"), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return Said(done.returncode, done.stdout, done.stderr)
