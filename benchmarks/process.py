"""A command in a process of its own, its time and the most memory that it held."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Finished:
    """A command that succeeded: Unix seconds of start and end, peak bytes, standard output.

    ``peak`` is of the process itself; processes that it has started are not in it.
    """

    began: float
    ended: float
    peak: int
    output: str


def python(
    words: Sequence[str], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> Finished:
    """Run this Python with ``words``; the project can be imported whatever the folder.

    Raises:
        RuntimeError: It failed; its last lines are in the message.
    """
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    began = time.time()
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    peaks = [0]

    def look() -> None:
        while process.poll() is None:
            peaks.append(_peak(process.pid))
            time.sleep(_LOOK_SECONDS)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    output, errors = process.communicate()
    ended = time.time()
    watcher.join()
    if process.returncode:
        last = "\n".join((output + errors).splitlines()[-15:])
        raise RuntimeError(f"{' '.join(words)} ended with status {process.returncode}:\n{last}")
    return Finished(began, ended, max(peaks), output)


def _peak(pid: int) -> int:
    # ru_maxrss of a child that was waited for would mix in the process that forked it and
    # whatever it has waited for itself.
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) * 1024 if lines else 0
