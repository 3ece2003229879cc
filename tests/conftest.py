"""What holds for every test."""

from __future__ import annotations

import os
import signal

import pytest

LONGEST = ("tests/e2e/test_pipeline.py", "tests/e2e", "tests/faults", "tests/automl/tracking")
"""Begun first, or the last of them would leave a worker without work."""

# Ray's workers give way to everybody else, which here are the other tests: commands would take
# four times as long as alone.
os.environ.setdefault("RAY_worker_niceness", "0")

# A shell starts what it runs in the background with Ctrl-C ignored, and that is inherited: the
# commands that are stopped here would never hear of it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; each file stays in one piece."""

    def place(item: pytest.Item) -> int:
        found = [n for n, start in enumerate(LONGEST) if item.nodeid.startswith(start)]
        return found[0] if found else len(LONGEST)

    items.sort(key=place)
