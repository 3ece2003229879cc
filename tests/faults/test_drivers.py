"""Two drivers on one name, and drivers that are asked to stop."""

from __future__ import annotations

import os
import signal
import socket

import checks
import pytest
from searches import Search

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


WORDS = ("algorithm=bohb", "tracking=sqlite")


@pytest.mark.slow
def test_a_second_driver_is_refused_and_the_first_can_be_ended(tmp_path, database):
    # Slow enough for a second driver to come while the first is at work.
    search = Search(tmp_path, (*WORDS, "trainable.options.seconds=2"))
    first = search.start()
    assert first.until_event("reported", 3)
    second = search.run(status=2)
    checks.one_line(second.errors, str(first.process.pid), socket.gethostname())
    assert first.process.poll() is None, "the first goes on"
    assert second.below() == []

    first.process.send_signal(signal.SIGTERM)
    assert first.end() == 143
    checks.goes_on(first.errors)
    assert first.below() == [], "no process of Ray is left"
    checks.tracked(database, search, whole=False)


@pytest.mark.slow
def test_a_search_that_is_stopped_goes_on(tmp_path, baseline, database):
    search = Search(tmp_path, (*WORDS, "trainable.options.seconds=0.1"))
    snapshots = []
    # A terminal's Ctrl-C goes to the whole foreground group, a service manager's SIGTERM to one.
    for stop, number, status in (
        (os.killpg, signal.SIGINT, 130),
        (os.kill, signal.SIGTERM, 143),
        (os.kill, signal.SIGINT, 130),
    ):
        running = search.start()
        assert running.until_event("reported", 8)
        stop(running.process.pid, number)
        assert running.end() == status
        checks.goes_on(running.errors)
        assert running.below() == [], "no process of Ray is left"
        checks.tracked(database, search, whole=False)
        snapshots.append(running.left)
    search.run()
    checks.survived(search, baseline("bohb"), *snapshots)
    checks.tracked(database, search)


@pytest.mark.slow
def test_two_drivers_at_the_same_moment(tmp_path, baseline):
    words = ("algorithm=bohb", "tracking=none", "trainable.options.seconds=0.1")
    search = Search(tmp_path, words)
    pair = [search.start(), search.start()]
    statuses = sorted(running.end() for running in pair)
    assert statuses == [0, 2]
    (refused,) = (running for running in pair if running.process.returncode == 2)
    checks.one_line(refused.errors, "name: ")
    checks.survived(search, baseline("bohb"))
