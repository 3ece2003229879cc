"""A search is the same search however often it is killed and however its trials are timed."""

from __future__ import annotations

import copy
import json
import os
import shutil

import pytest
from bench import ALGORITHMS, Killed, drive
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl.errors import SearchError, UserError
from automl.evaluation import EVALUATION
from automl.ledger import Ledger, read_events
from automl.state import SearchState


def comparable(results):
    return {key: value for key, value in results.items() if key != "times"}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return {name: comparable(drive(tmp_path_factory.mktemp(name), name)) for name in ALGORITHMS}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_timing_does_not_decide(name, uninterrupted, tmp_path):
    for timing in (1, 2):
        assert comparable(drive(tmp_path / str(timing), name, timing=timing)) == uninterrupted[name]


def test_timing_and_kills_do_not_decide_in_planned_order_either(tmp_path):
    planned = {"order": "planned", "lookahead": 2, "workers": 3}
    expected = comparable(drive(tmp_path / "whole", "bohb", **planned))
    for kill_after in (35, 80):
        with pytest.raises(Killed):
            drive(tmp_path / "killed", "bohb", timing=kill_after, kill_after=kill_after, **planned)
    assert comparable(drive(tmp_path / "killed", "bohb", timing=5, **planned)) == expected


@pytest.mark.parametrize("name", ALGORITHMS)
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kills=st.lists(st.integers(1, 60), min_size=1, max_size=4), timing=st.integers(0, 99))
def test_kills_change_nothing(name, uninterrupted, tmp_path_factory, kills, timing):
    folder = tmp_path_factory.mktemp("killed")
    for kill_after in kills:
        try:
            drive(folder, name, timing=timing, kill_after=kill_after)
        except Killed:
            continue
        break
    assert comparable(drive(folder, name, timing=timing + 1)) == uninterrupted[name]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_no_ended_trial_runs_again(name, tmp_path):
    log = tmp_path / "log"
    for kill_after in (40, 15, 30):
        with pytest.raises(Killed):
            drive(tmp_path / "run", name, kill_after=kill_after, log=log)
    before = len(log.read_text().splitlines())
    state = SearchState()
    for event in read_events(tmp_path / "run/ledger.jsonl")[0]:
        state.apply(event)
    ended = {(t.configuration_id, t.seed) for t in state.trials.values() if t.ended}
    assert ended
    drive(tmp_path / "run", name, log=log)
    from searchspaces import configuration_id

    after = [json.loads(line) for line in log.read_text().splitlines()[before:]]
    epochs = {
        (configuration_id(dict(map(tuple, items))), seed, epoch) for items, seed, epoch in after
    }
    again = [
        (key, epoch)
        for *key, epoch in epochs
        if tuple(key) in ended and epoch <= state.known_epochs(*key)
    ]
    assert not again


def test_order_of_arrival_survives_kills_too(tmp_path):
    with pytest.raises(Killed):
        drive(tmp_path, "bohb", order="arrival", timing=3, kill_after=50)
    results = drive(tmp_path, "bohb", order="arrival", timing=4)
    assert results["trials"]["planned"] == (
        results["trials"]["finished"] + sum(results["trials"]["failed"].values())
    )


def test_a_failed_trial_is_a_result(uninterrupted):
    counts = uninterrupted["hyperband"]["trials"]
    assert counts["finished"] + sum(counts["failed"].values()) == counts["planned"]
    statuses = {
        c["status"] for results in uninterrupted.values() for c in results["configurations"]
    }
    assert statuses & {"diverged", "crashed"}


def test_continuation_saves_the_epochs_of_lower_rungs(uninterrupted):
    counts = uninterrupted["bohb"]["trials"]
    assert counts["promoted"] > 0
    assert counts["budget_saved"] > 0
    scratch = {c["budget"] for c in uninterrupted["random"]["configurations"]}
    assert scratch == {3}


def test_incumbent_beats_the_median_and_is_confirmed(uninterrupted):
    for results in uninterrupted.values():
        assert results["incumbent"]["validation_accuracy"] >= results["median_validation_accuracy"]
        assert [entry["chosen"] for entry in results["confirmation"]].count(True) == 1
        assert {d["domain"] for d in results["evaluation"]["domains"]} == {"synthetic", "real"}


def test_a_line_cut_short_is_dropped_and_a_damaged_one_refused(uninterrupted, tmp_path):
    drive(tmp_path / "a", "random")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    path = tmp_path / "b/ledger.jsonl"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    assert comparable(drive(tmp_path / "b", "random")) == uninterrupted["random"]

    lines = path.read_bytes().split(b"\n")
    lines[5] = lines[5][:10]
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(UserError, match="line 6 is damaged"):
        drive(tmp_path / "b", "random")


def test_a_ledger_of_another_algorithm_is_not_taken_up(tmp_path):
    with pytest.raises(Killed):
        drive(tmp_path, "random", kill_after=20)
    with pytest.raises(SearchError, match="not what the algorithm asks for"):
        drive(tmp_path, "random", seed=5)


def test_two_drivers_on_one_name(tmp_path):
    with Ledger(tmp_path), pytest.raises(UserError, match=f"process {os.getpid()} on"):
        Ledger(tmp_path)
    Ledger(tmp_path).close()


def test_events_are_read_back_as_written(tmp_path):
    with Ledger(tmp_path) as ledger:
        event = ledger.append("resumed", detail={"values": (1, 2.5, None)})
    assert read_events(tmp_path / "ledger.jsonl")[0] == [event]
    assert copy.deepcopy(event)["detail"] == {"values": [1, 2.5, None]}


def test_a_damaged_checkpoint_is_noted_and_its_trial_begins_anew(uninterrupted, tmp_path):
    with pytest.raises(Killed):
        drive(tmp_path, "hyperband", kill_after=30)
    for checkpoint in (tmp_path / "checkpoints").iterdir():
        checkpoint.write_text("{")
    results = drive(tmp_path, "hyperband")
    assert comparable(results) == uninterrupted["hyperband"]
    events, _ = read_events(tmp_path / "ledger.jsonl")
    assert any(event["event"] == "noted" for event in events)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_lost_worker_changes_nothing_while_attempts_are_left(name, uninterrupted, tmp_path):
    lose = {0: 1, 3: 1, EVALUATION: 1}
    assert comparable(drive(tmp_path, name, lose=lose)) == uninterrupted[name]
    events, _ = read_events(tmp_path / "ledger.jsonl")
    assert [e["number"] for e in events if e["event"] == "lost"] == [0, 3]


def test_a_trial_whose_workers_all_die_has_crashed(tmp_path):
    drive(tmp_path, "random", lose={2: 3}, retries=2)
    events, _ = read_events(tmp_path / "ledger.jsonl")
    of_trial = [e["event"] for e in events if e.get("number") == 2]
    assert of_trial == ["asked", *["started", "lost"] * 3, "failed"]
    assert [e["status"] for e in events if e["event"] == "failed" and e["number"] == 2] == [
        "crashed"
    ]


def test_an_evaluation_that_always_loses_its_worker_stops_the_search(uninterrupted, tmp_path):
    with pytest.raises(SearchError, match="evaluation's worker died: its node is gone"):
        drive(tmp_path, "random", lose={EVALUATION: 2})
    assert comparable(drive(tmp_path, "random")) == uninterrupted["random"]


@pytest.mark.parametrize("damage", ["{", None])
def test_a_chosen_model_that_is_gone_is_trained_again(damage, uninterrupted, tmp_path):
    with pytest.raises(SearchError):
        drive(tmp_path, "random", lose={EVALUATION: 2})
    for checkpoint in (tmp_path / "checkpoints").iterdir():
        if damage is None:
            checkpoint.unlink()
        else:
            checkpoint.write_text(damage)
    before = len(read_events(tmp_path / "ledger.jsonl")[0])
    assert comparable(drive(tmp_path, "random")) == uninterrupted["random"]
    after = read_events(tmp_path / "ledger.jsonl")[0][before:]
    assert [e["event"] for e in after] == ["noted", "evaluated", "evaluated"]


def test_a_full_disk_stops_the_search_and_judges_no_trial(uninterrupted, tmp_path, monkeypatch):
    import stub_plugins

    def full(*_):
        raise RuntimeError("cannot save") from OSError(28, "No space left on device", "/x.ckpt")

    with monkeypatch.context() as patch:
        patch.setattr(stub_plugins, "quality", full)
        with pytest.raises(SearchError, match=r"/x\.ckpt: cannot be written \(No space left"):
            drive(tmp_path, "bohb")
    events, _ = read_events(tmp_path / "ledger.jsonl")
    assert not [e for e in events if e["event"] == "failed" and "No space" in e["reason"]]
    assert comparable(drive(tmp_path, "bohb")) == uninterrupted["bohb"]
