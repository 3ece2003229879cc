"""What Ray does to a search: workers die, clusters are joined, results arrive in any order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

CONF = Path(__file__).parent / "conf"
STUBS = Path(__file__).parents[1] / "automl" / "stubs"


def search(folder, *words):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "automl.run", f"--config-dir={CONF}", "search=stub"),
            *("name=stub", "tracking=none", *words),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(STUBS)},
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "(raylet)" not in done.stdout
    lines = (folder / "runs/stub/ledger.jsonl").read_text().splitlines()
    results = json.loads((folder / "runs/stub/results.json").read_text())
    return [json.loads(line) for line in lines], results


def comparable(results):
    return {key: value for key, value in results.items() if key not in ("times", "provenance")}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return search(tmp_path_factory.mktemp("alone"))


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_and_its_trial_tried_again(tmp_path):
    events, results = search(tmp_path, "+trainable.options.deadly=true")
    crashed = [e for e in events if e["event"] == "failed" and e["status"] == "crashed"]
    assert crashed
    attempts = Counter(e["number"] for e in events if e["event"] == "started")
    for event in crashed:
        if "worker process" in event["reason"]:
            assert attempts[event["number"]] == 2, "failures.retries is 1"
    assert any("worker process" in event["reason"] for event in crashed)
    trials = results["trials"]
    assert trials["finished"] + sum(trials["failed"].values()) == trials["planned"]
    assert results["evaluation"]["domains"]


@pytest.mark.slow
def test_results_as_they_arrive(tmp_path):
    _, results = search(tmp_path, "order=arrival")
    assert results["order"] == "arrival"
    assert results["trials"]["finished"] > 0


@pytest.mark.slow
def test_joining_a_cluster_finds_the_same_search(tmp_path, alone):
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    cluster = cluster_utils.Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "env_vars": {"PYTHONPATH": str(STUBS)}},
    )
    try:
        cluster.add_node(num_cpus=1, env_vars={"PYTHONPATH": str(STUBS)})
        _, results = search(tmp_path, f"cluster.address={cluster.address}")
    finally:
        cluster.shutdown()
    assert comparable(results) == comparable(alone[1])
