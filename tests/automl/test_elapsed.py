from __future__ import annotations

from automl.elapsed import worked


def test_the_time_between_a_kill_and_its_resumption_is_left_out():
    times = [("plan", 100.0), ("asked", 101.0), ("started", 103.0), ("resumed", 1000.0)]
    times += [("started", 1002.0), ("finished", 1001.5), ("closed", 5000.0)]
    events = [{"event": kind, "time": time} for kind, time in times]
    assert list(worked(events)) == [0.0, 1.0, 2.0, 0.0, 2.0, 0.0, 0.0]
    assert list(worked([])) == []
