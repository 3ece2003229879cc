"""What a long search costs to mirror: as much late as early, and as long as it takes at the end."""

from __future__ import annotations

import threading
import time

import pytest

from automl.tracking.mirror import Mirror
from automl.tracking.search_view import SearchView


@pytest.fixture
def slow(monkeypatch):
    """A session whose store takes 0.05 s for each run until it is told to stand still."""
    from automl.tracking import session

    class SlowSession:
        run_id = experiment_id = "1"
        stuck = threading.Event()
        written = 0

        def __init__(self, *_):
            pass

        def write(self, view, beat):
            for _ in view.children:
                if SlowSession.stuck.is_set():
                    time.sleep(30)
                time.sleep(0.05)
                SlowSession.written += 1
                beat()

    monkeypatch.setattr(session, "Session", SlowSession)
    return SlowSession


def begun(ledgers):
    mirror = Mirror("sqlite:///:memory:", "pace", warn=lambda _: None, interval=0.0, retry=0.05)
    mirror.start(ledgers.whole_search())
    return mirror


def test_a_store_that_is_slow_but_works_is_waited_for(slow, ledgers):
    mirror = begun(ledgers)
    assert mirror.close(0.15) == []
    assert slow.written >= 5


def test_a_store_that_stands_still_is_left_behind(slow, ledgers):
    slow.stuck.set()
    begin = time.monotonic()
    (problem,) = begun(ledgers).close(0.3)
    assert time.monotonic() - begin < 5
    assert "lacks the end of this search" in problem


def test_after_an_abort_nobody_waits_longer_than_told(slow, ledgers):
    mirror = begun(ledgers)
    mirror.abort("KILLED")
    (problem,) = mirror.close(0.1)
    assert "lacks the end of this search" in problem


class CountedClient:
    """An MLflow client that counts its calls by run."""

    def __init__(self, client):
        self._client = client
        self.calls: list[str] = []

    def __getattr__(self, name):
        method = getattr(self._client, name)

        def call(*arguments, **options):
            self.calls.append(name)
            return method(*arguments, **options)

        return call


def test_a_write_looks_at_nothing_but_what_has_changed(uri, ledgers):
    from automl.tracking.store import connect
    from automl.tracking.writer import Writer

    events = ledgers.whole_search()
    store = connect(uri, "pace", None)
    client = CountedClient(store.client)
    writer = Writer(type(store)(client, store.experiment_id))
    view, beats = SearchView(), []
    for event in events:
        view.fold(event)
    writer.sync(view, lambda: beats.append(1))
    assert len(beats) == len(view.children) > 3
    assert not any(run.changed for run in view.children.values())

    client.calls.clear()
    beats.clear()
    writer.sync(view, lambda: beats.append(1))
    assert (client.calls, beats) == ([], [])

    run = next(iter(view.children.values()))
    run.tag(chosen="maybe")
    writer.sync(view, lambda: beats.append(1))
    assert (client.calls, beats) == (["log_batch"], [1])


def test_a_new_writer_looks_at_every_run(uri, dump, ledgers):
    """What another writer has brought to a store says nothing about this one's."""
    from automl.tracking.store import connect
    from automl.tracking.writer import Writer

    view = SearchView()
    for event in ledgers.whole_search():
        view.fold(event)
    for run in view.children.values():
        run.changed = False
    Writer(connect(uri, "pace", None)).sync(view)
    assert len(dump()) == 1 + len(view.children)
