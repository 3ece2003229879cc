"""Trials that fail, hang or die, and nodes that go: each costs what the policy says, no more."""

from __future__ import annotations

import os

import checks
import pytest
import yaml
from checks import attempts, statuses, survived
from searches import HERE, STUBS, Search

from automl.algorithms import build
from searchspaces import parse_space

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

# What a trial does, and what is said of it; each at the second epoch of a trial of its own.
WAYS = (
    ({"do": "error"}, "crashed", "told to fail"),
    ({"do": "nan", "epoch": 9}, "diverged", "not finite"),
    ({"do": "memory_error"}, "out_of_memory", "told to have none left"),
    ({"do": "allocate"}, "out_of_memory", "MemoryError"),
    ({"do": "hang"}, "timed_out", "in hang"),
    ({"do": "hang_in_c"}, "timed_out", "in hang_in_c"),
    ({"do": "kill_worker"}, "crashed", "worker"),
    ({"do": "kill_worker", "times": 1}, "finished", None),
)


TRIALS = 14


def harmable() -> list[dict]:
    """Return the trials of a random search that finish when nobody harms them."""
    conf = yaml.safe_load((HERE / "conf/space/faults.yaml").read_text())
    algorithm = build("random", parse_space(conf), 0, trials=TRIALS, budget=9)
    asked = [algorithm.ask() for _ in range(TRIALS)]
    return [
        {"number": trial.number, "x": trial.configuration["x"]}
        for trial in asked
        if 0.03 <= trial.configuration["x"] <= 0.95
    ]


@pytest.mark.slow
def test_each_way_to_fail_is_a_result_and_the_rest_goes_on(tmp_path):
    asked = harmable()
    assert len(asked) > len(WAYS) + 1, "some trials are left alone"
    search = Search(tmp_path, ("algorithm=random", "tracking=none", "confirmation.seeds=1"))
    search.rules(
        *(
            {"at": "epoch", "epoch": 2, "x": [trial["x"], trial["x"] + 1e-9], **rule}
            for trial, (rule, _, _) in zip(asked, WAYS, strict=False)
        )
    )
    running = search.run("failures.trial_seconds=5", "failures.in_a_row=null")
    assert running.errors == []
    survived(search, None)

    ends = ends_of(search)
    for trial, (rule, status, reason) in zip(asked, WAYS, strict=False):
        end = ends[trial["number"]]
        assert end.get("status", "finished") == status, (rule, end)
        assert reason is None or reason in end["reason"], (rule, end)
    tries = attempts(search.events())
    for trial, (rule, _, _) in zip(asked, WAYS, strict=False):
        # failures.retries is 1, for workers that died and for nothing else.
        assert tries[trial["number"]] == (2 if rule["do"] == "kill_worker" else 1), rule
    lost = [event["number"] for event in search.events() if event["event"] == "lost"]
    assert sorted(lost) == sorted([asked[6]["number"]] * 2 + [asked[7]["number"]])
    for trial in asked[len(WAYS) :]:
        assert ends[trial["number"]]["event"] == "finished", "it was left alone"


def ends_of(search: Search) -> dict[int, dict]:
    return {e["number"]: e for e in search.events() if e["event"] in checks.ENDS}


@pytest.mark.slow
def test_a_search_that_must_stop_goes_on_when_the_cause_is_mended(tmp_path):
    search = Search(tmp_path, ("algorithm=tpe", "tracking=none", "failures.in_a_row=3"))
    search.rules({"do": "error", "at": "epoch"})
    stopped = search.run(status=1)
    checks.one_line(stopped.errors, "3 trials in a row failed", "3 × ", "told to fail")
    assert statuses(stopped.left) == {"crashed": 3}
    search.rules()
    full = search.run(status=1, fault={"full": {"after": 25, "torn": True}})
    checks.one_line(full.errors, "ledger.jsonl", "No space left on device")
    search.run()
    survived(search, None, stopped.left, full.left)
    ended = statuses(search.events())
    assert ended["finished"] > 3
    assert sum(ended.values()) == TRIALS


@pytest.mark.slow
@pytest.mark.parametrize("retries", [1, 0])
def test_a_worker_that_is_killed_from_outside(retries, tmp_path, baseline):
    words = ("algorithm=bohb", "tracking=none", "trainable.options.seconds=0.1")
    search = Search(tmp_path, (*words, f"failures.retries={retries}"))
    running = search.start()
    assert running.until_event("reported", 8)
    (victim, *_) = workers = running.workers()
    assert 0 < len(workers) <= 2
    snapshot = running.events()
    victim.kill()
    assert running.end() == 0, running.text
    survived(search, baseline("bohb") if retries else None, snapshot)
    lost = [event["number"] for event in search.events() if event["event"] == "lost"]
    tries = attempts(search.events())
    assert lost, "the worker was at a trial"
    for number in lost:
        assert tries[number] == 1 + retries
        assert retries or ends_of(search)[number]["status"] == "crashed"


@pytest.mark.slow
def test_a_node_of_a_cluster_that_goes(tmp_path, baseline):
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    surroundings = {"PYTHONPATH": os.pathsep.join(map(str, STUBS))}
    cluster = cluster_utils.Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "env_vars": surroundings}
    )
    try:
        second = cluster.add_node(num_cpus=1, env_vars=surroundings)
        cluster.wait_for_nodes()
        words = ("algorithm=bohb", "tracking=none", "trainable.options.seconds=0.5")
        search = Search(tmp_path, (*words, f"cluster.address={cluster.address}"))
        running = search.start()
        assert running.until_event("reported", 12)
        # One trial on each node, and each with some way to go.
        assert running.until(lambda: sum(left > 2 for left in ways_to_go(running.events())) == 2)
        snapshot = running.events()
        cluster.remove_node(second, allow_graceful=False)
        assert running.end() == 0, running.text
    finally:
        cluster.shutdown()
    survived(search, baseline("bohb"), snapshot)
    assert [event for event in search.events() if event["event"] == "lost"]


def ways_to_go(events):
    """Return the epochs that are left to each trial that was taken up and has no end."""
    of = {
        kind: [e for e in events if e["event"] == kind] for kind in ("asked", "started", "reported")
    }
    ended = {event["number"] for event in events if event["event"] in checks.ENDS}
    budgets = {event["number"]: event["budget"] for event in of["asked"]}
    epochs = {event["number"]: event["epoch"] for event in of["reported"]}
    going = {event["number"] for event in of["started"]} - ended
    return [budgets[number] - epochs.get(number, 0) for number in going]
