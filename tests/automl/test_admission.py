"""A worker's trials on a GPU that they share: waiting, running out of memory, not fitting."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from dataclasses import asdict

import pytest

from automl.gpu_room import GpuRoom
from automl.session import Session, Task, WorkerSpec
from automl.worker import TrialActor

GIB = 2**30
CAPACITY = 10.0


@pytest.fixture
def rooms(tmp_path, monkeypatch):
    """The folder of all GPUs' rooms; there is no tool that knows a GPU."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    return folder


@pytest.fixture
def spec(tmp_path, rooms):
    def make(**changes):
        fields = {
            "data_name": "stub_plugins:StubData",
            "packed": str(tmp_path),
            "trainable_name": "sharing_plugins:Sharer",
            "options": {"rooms": str(rooms), "hung": str(tmp_path / "hung")},
            "select": "synthetic",
            "cache": str(tmp_path),
            "device": "cuda",
            "gpu_memory": CAPACITY,
            "hung": str(tmp_path / "hung"),
        }
        return WorkerSpec(**{**fields, **changes})

    return make


@pytest.fixture
def task(tmp_path):
    def make(budget=3, known=0, **configuration):
        return Task(
            kind="train",
            number=7,
            configuration={"kind": "a", "x": 0.5, **configuration},
            budget=budget,
            known_epochs=known,
            checkpoint=str(tmp_path / "7.ckpt"),
        )

    return make


def kinds(messages):
    return [(m["type"], m.get("epoch")) for m in messages]


def room_of(rooms):
    (folder,) = rooms.glob("automl-gpu-*/*")
    return GpuRoom(folder, int(CAPACITY * GIB))


def test_a_trial_reserves_what_it_needs_and_gives_it_back(spec, task, rooms):
    session = Session(spec())
    messages = list(session.run(task(gib=2)))
    assert kinds(messages) == [("report", 1), ("report", 2), ("finished", 3)]
    seen = session._trainable.seen
    assert seen == [*((epoch, [2.0]) for epoch in (1, 2, 3)), ("release", [2.0])]
    assert not list(rooms.rglob("trial-*"))
    assert len(list(rooms.rglob("kept-*"))) == 1


def test_the_room_is_free_when_the_last_message_comes(spec, task, rooms):
    """A worker that is kept is not resumed before its next trial."""
    for configuration in ({}, {"x": 0.97}, {"x": 0.01}, {"out": 1, "gib": 99}):
        for message in Session(spec()).run(task(**configuration)):
            if message["last"]:
                assert not list(rooms.rglob("trial-*")), message


def test_a_trial_that_is_dropped_gives_its_room_back(spec, task, rooms):
    messages = Session(spec()).run(task())
    next(messages)
    assert list(rooms.rglob("trial-*"))
    messages.close()
    assert not list(rooms.rglob("trial-*"))


def test_on_the_cpu_nothing_is_reserved(spec, task, rooms):
    session = Session(spec(device="cpu"))
    *_, last = session.run(task(gib=99, out=1))
    assert (last["status"], last["reason"]) == (
        "out_of_memory",
        "CUDA out of memory. Tried to allocate 2 GiB.",
    )
    assert session._trainable.seen == [(1, []), (2, []), ("release", [])]
    assert list(rooms.iterdir()) == []


def test_a_trainable_that_does_not_say_what_it_needs_is_not_held_up(spec, task, rooms):
    name = "stub_plugins:StubTrainable"
    messages = list(Session(spec(trainable_name=name, options={})).run(task(budget=1)))
    assert kinds(messages) == [("finished", 1)]
    assert list(rooms.iterdir()) == []


@pytest.mark.parametrize("error", [False, True])
def test_out_of_memory_is_tried_once_more_alone_from_the_checkpoint(error, spec, task):
    session = Session(spec())
    messages = list(session.run(task(budget=4, gib=2, out=1, error=error)))
    assert kinds(messages) == [
        ("report", 1),
        ("note", None),
        ("report", 2),
        ("report", 3),
        ("finished", 4),
    ]
    assert messages[1]["text"].startswith("tried again alone: ")
    # The stub had computed epoch 2 when it ran out: its checkpoint has that.
    assert session._trainable.seen == [
        (1, [2.0]),
        (2, [2.0]),
        ("release", [2.0]),
        (3, [CAPACITY]),
        (4, [CAPACITY]),
        ("release", [CAPACITY]),
    ]


def test_epochs_that_the_ledger_has_are_not_reported_after_the_second_try_either(spec, task):
    messages = list(Session(spec()).run(task(budget=4, known=3, out=1)))
    assert kinds(messages) == [("note", None), ("finished", 4)]


def test_out_of_memory_alone_is_infeasible_and_says_both_figures(spec, task):
    session = Session(spec())
    *_, last = session.run(task(gib=2.5, out=2))
    assert last["status"] == "infeasible"
    assert last["reason"] == (
        "out of memory alone on the GPU, which has 10.0 GiB; estimated at 2.5 GiB: "
        "CUDA out of memory. Tried to allocate 2 GiB."
    )
    assert [what for what, _ in session._trainable.seen].count("release") == 2


def test_what_does_not_fit_at_all_is_infeasible_before_it_begins(spec, task):
    session = Session(spec())
    messages = list(session.run(task(gib=9.5)))
    assert messages == [
        {
            "type": "failed",
            "status": "infeasible",
            "reason": "needs about 9.5 GiB on the GPU, beside the 1.0 GiB that its worker keeps "
            "there; the GPU has 10.0 GiB",
            "last": True,
        }
    ]
    assert session._trainable.seen == []
    *_, last = session.run(task(gib=9))
    assert last["type"] == "finished", "more than is given out, but alone"


def test_a_trial_that_cannot_run_says_so_itself(spec, task):
    *_, last = Session(spec()).run(task(x=0.777))
    assert last["type"] == "finished"


def test_a_gpu_of_unknown_memory_is_noted_once(spec, task):
    session = Session(spec(gpu_memory=None))
    first, *_ = session.run(task(gib=99))
    assert first["type"] == "note"
    assert "cluster.gpu_memory" in first["text"]
    assert "note" not in dict(kinds(session.run(task(budget=5))))


def test_waiting_is_neither_watched_nor_timed(spec, task, rooms, tmp_path):
    words = {
        "task": json.dumps(task(gib=5).to_dict()),
        "worker": json.dumps(
            asdict(spec(trainable_name="sharing_plugins:Armed", trial_seconds=60.0))
        ),
    }
    actor = TrialActor(words)
    said = []

    def train():
        said.append(actor.train())
        while not said[-1]["done"]:
            said.append(actor.train())

    # Before the worker begins, another one is on the GPU.
    Session(spec())
    with room_of(rooms).reserved(5 * GIB):
        thread = threading.Thread(target=train)
        thread.start()
        until = time.monotonic() + 60
        while len(list(rooms.rglob("trial-*"))) < 2:
            assert time.monotonic() < until
            time.sleep(0.01)
        time.sleep(0.3)
        assert said == []
        assert list((tmp_path / "hung").glob("*")) == []
    thread.join(60)
    assert [json.loads(word["message"])["type"] for word in said] == [
        "report",
        "report",
        "finished",
    ]
    assert actor._session._trainable.seen == [
        *((epoch, ["7.txt"]) for epoch in (1, 2, 3)),
        ("release", ["7.txt"]),
    ]
    assert list((tmp_path / "hung").iterdir()) == []
