"""One search on a single node and on a local Ray cluster of two: the same results, in what time.

python -m benchmarks.cluster [seconds=0.2] [iterations=4] [short=true]

BOHB over trials that sleep ``seconds`` an epoch, by the real command: once on this machine with
two CPUs, once with ``cluster=auto`` on two nodes of one CPU each. Both are the same search, so
that ``results.json`` is equal aside from its name, its provenance and its times.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

from automl.ledger import read_events
from benchmarks.noop import CONF
from benchmarks.process import ROOT, python
from benchmarks.words import Command, positive, switch, whole

OWN = ("name", "provenance", "times")
"""What two runs of one search need not share."""


def search(
    folder: Path, seconds: float, iterations: int, *words: str
) -> tuple[dict[str, Any], float]:
    """Run the command in ``folder``; return its results and the seconds that its trials took."""
    python(
        [
            *("-m", "automl.run", f"--config-dir={CONF}", "search=noop", "algorithm=bohb"),
            *("name=noop", "tracking=none", "workers=2", f"trainable.iterations={iterations}"),
            *("trainable.budget.max=9", "trainable.budget.confirmation=9"),
            f"trainable.options.seconds={seconds}",
            *words,
        ],
        cwd=folder,
    )
    results: dict[str, Any] = json.loads((folder / "runs/noop/results.json").read_text())
    events, _ = read_events(folder / "runs/noop/ledger.jsonl")
    begun = next(event["time"] for event in events if event["event"] == "started")
    ended = max(event["time"] for event in events if event["event"] == "finished")
    return results, ended - begun


def on_two_nodes(folder: Path, seconds: float, iterations: int) -> tuple[dict[str, Any], float]:
    """Start a head and a second node of one CPU each and run the search on them."""
    node = {"num_cpus": 1, "env_vars": {"PYTHONPATH": str(ROOT)}}
    # Ray counts what it was told about each node, not what the machine has.
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        cluster.add_node(**node)
        cluster.wait_for_nodes()
        address = f"cluster.address={cluster.address}"
        return search(folder, seconds, iterations, "cluster=auto", address)
    finally:
        cluster.shutdown()


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Name the keys under which two results differ that should not."""
    return [k for k in sorted({*one, *other} - {*OWN}) if one.get(k) != other.get(k)]


def main(short: bool = False, seconds: float | None = None, iterations: int | None = None) -> None:
    seconds, iterations = seconds or (0.05 if short else 0.2), iterations or (2 if short else 4)
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    with tempfile.TemporaryDirectory(prefix="cluster-") as name:
        folders = [Path(name) / "alone", Path(name) / "cluster"]
        for folder in folders:
            folder.mkdir()
        alone, one_node = search(folders[0], seconds, iterations, "cluster.cpus=2")
        joined, two_nodes = on_two_nodes(folders[1], seconds, iterations)
    spent = alone["trials"]["budget_spent"] + sum(
        seed_entry["curve"][-1][0]
        for entry in alone["confirmation"]
        for seed_entry in entry["seeds"]
    )
    print(f"{alone['trials']['finished']} trials, {spent} epochs of {seconds:g} s, two workers")
    print(f"one node of two CPUs   {one_node:6.1f} s from the first trial to the last")
    print(f"two nodes of one CPU   {two_nodes:6.1f} s  ({two_nodes / one_node:.2f} ×)")
    print(f"nothing but sleeping   {spent * seconds / 2:6.1f} s")
    wrong = differing(alone, joined)
    print(f"results equal: {'no, not in ' + ', '.join(wrong) if wrong else 'yes'}")


command = Command(main, {"seconds": positive, "iterations": whole(), "short": switch})

if __name__ == "__main__":
    raise SystemExit(command())
