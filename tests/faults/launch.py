"""``python launch.py FAULT WORD...``: the real command with a fault in its driver process.

FAULT is JSON with none or some of these keys:

``kill_after``: ``{"event": "finished", "nth": 2, "fields": {"phase": "search"}}``: SIGKILL when
    the nth such event of this process is on disk and nobody has heard of it.
``kill_torn``: n: SIGKILL when half of the nth line of this process is on disk.
``kill_at_call``: ``{"name": "log_artifacts", "nth": 1, "when": "before"}``: SIGKILL of the driver
    before or after the nth call of that method of MLflow's client.
``full``: ``{"after": n, "torn": true}``: no space left on device from the ledger's nth write on.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from automl import finish
from automl.ledger import Ledger
from automl.run import main
from automl.tracking import process


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives that")


def kill_after(event: str, nth: int = 1, fields: dict[str, Any] | None = None) -> None:
    original = Ledger.append
    seen = 0

    def append(self: Ledger, kind: str, **values: Any) -> Any:
        nonlocal seen
        record = original(self, kind, **values)
        if kind == event and (fields or {}).items() <= values.items():
            seen += 1
            if seen == nth:
                die()
        return record

    Ledger.append = append  # type: ignore[method-assign]


def is_ledger(handle: Any) -> bool:
    return isinstance(handle, int) and _name(handle) == "ledger.jsonl"


def _name(handle: int) -> str:
    return Path(f"/proc/self/fd/{handle}").readlink().name


def at_ledger_write(nth: int, action: Callable[[int, bytes], Any]) -> None:
    """Call ``action(handle, data)`` in place of the nth and every later write to the ledger."""
    original = os.write
    seen = 0

    def write(handle: int, data: bytes) -> int:
        nonlocal seen
        if is_ledger(handle):
            seen += 1
            if seen >= nth:
                action(handle, data)
        return original(handle, data)

    os.write = write


def kill_torn(nth: int) -> None:
    original = os.write

    def action(handle: int, data: bytes) -> NoReturn:
        original(handle, data[: len(data) // 2])
        die()

    at_ledger_write(nth, action)


def full(after: int, torn: bool = False) -> None:
    original = os.write
    halves = [torn]

    def action(handle: int, data: bytes) -> NoReturn:
        if halves.pop() if halves else False:
            original(handle, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    at_ledger_write(after, action)


def kill_at_call(**call: Any) -> None:
    """Have the mirror's process kill the driver, and itself."""
    here = f"sys.path.insert(0, {str(Path(__file__).parent)!r}); import launch; "
    strike = f"launch.strike_at_call(**{call!r}); "
    process.CHILD = process.CHILD.replace("main(link)", f"{here}{strike}main(link)")


def strike_at_call(name: str, nth: int = 1, when: str = "before") -> None:
    from automl.tracking.quiet import hush

    hush()
    from mlflow.tracking import MlflowClient

    original = getattr(MlflowClient, name)
    seen = 0

    def strike() -> NoReturn:
        os.kill(os.getppid(), signal.SIGKILL)
        die()

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == nth and when == "before":
            strike()
        answer = original(self, *args, **kwargs)
        if seen == nth:
            strike()
        return answer

    setattr(MlflowClient, name, call)


FAULTS = {
    "kill_after": kill_after,
    "kill_torn": kill_torn,
    "kill_at_call": kill_at_call,
    "full": full,
}

if __name__ == "__main__":
    # Drawing the report's figures takes longer than such a search itself.
    finish.build_report = lambda found, page, folder: page.write_text("<html></html>") and {}
    fault = json.loads(sys.argv.pop(1))
    for kind, value in fault.items():
        if isinstance(value, dict):
            FAULTS[kind](**value)
        else:
            FAULTS[kind](value)
    sys.exit(main())
