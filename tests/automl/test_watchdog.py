"""A process whose trial hangs ends, and says where it stood."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from automl.watchdog import Watchdog, where_it_hung

# The session is what marks the trial's thread; here a file of its name stands for it.
HANG = """
import sys, threading, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import automl.watchdog as watchdog
from automl import session
watchdog.GRACE_SECONDS = 0.2
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
dog = watchdog.Watchdog(Path(sys.argv[1]), 0.3)
code = compile("def run(hang): hang()", "/x/automl/session.py", "exec")
scope = {}
exec(code, scope)
dog.arm(7)
"""
PYTHON = HANG + "scope['run'](lambda: time.sleep(60))"
HOLDS_THE_LOCK = HANG + "import ctypes; scope['run'](lambda: ctypes.PyDLL(None).sleep(60))"


@pytest.mark.parametrize("script", [PYTHON, HOLDS_THE_LOCK], ids=["sleep", "holds the lock"])
def test_a_hanging_process_ends_and_says_where(script, tmp_path):
    begin = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path), ""], timeout=300)
    assert done.returncode != 0
    assert time.monotonic() - begin < 50
    assert where_it_hung(tmp_path, 7) == "<string>:14 in <lambda>"
    assert where_it_hung(tmp_path, 7) is None, "told once"


def test_a_trial_that_ends_leaves_nothing(tmp_path):
    dog = Watchdog(tmp_path, 60.0)
    dog.arm(1)
    assert (tmp_path / "1.txt").exists()
    dog.disarm()
    assert list(tmp_path.iterdir()) == []
    assert where_it_hung(tmp_path, 1) is None


def test_a_worker_that_died_otherwise_did_not_hang(tmp_path):
    (tmp_path / "3.txt").write_text("")
    assert where_it_hung(tmp_path, 3) is None
