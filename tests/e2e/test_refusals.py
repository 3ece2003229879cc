"""Bad input to the real command: one line, exit code 2, nothing created."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.e2e

REFUSALS = {
    "unknown search": (["search=deepfreak_bob"], "search=deepfreak_bob: no such search; did you"),
    "misspelt override": (["confirmation.sedes=2"], "did you mean 'confirmation.seeds'?"),
    "value of another type": (["seed=zero"], "seed: expected a whole number, got 'zero'"),
    "no root given": (["data=diffranet"], "data.root: missing; give data.root="),
    "missing data root": (["data=diffranet", "data.root=nowhere"], "nowhere"),
    "file store": (["tracking.uri=mlruns"], "MLflow refuses file stores"),
    "not a database": (["tracking.uri=sqlite:////proc/version"], "/proc/version"),
    "no server": (["tracking=server", "tracking.uri=http://127.0.0.1:9"], "127.0.0.1:9"),
    "a GPU where there is none": (
        ["cluster.trial.gpus=1"],
        "cluster.trial.gpus: a trial asks for 1 GPU, but no node has any",
    ),
    "more CPUs than there are": (
        ["cluster.trial.cpus=4096"],
        "cluster.trial.cpus: a trial asks for 4096 CPU",
    ),
    "no cluster": (["cluster.address=127.0.0.1:9"], "cluster.address: no Ray cluster at"),
    "brackets that cannot be": (["algorithm.min_budget=20"], "min_budget"),
    "no such domain": (["select=real"], "select"),
    "not an override": (["deepfreak"], "deepfreak"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusal(case, tmp_path):
    words, expected = REFUSALS[case]
    done = subprocess.run(
        [sys.executable, "-m", "automl.run", "scale=smoke", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("automl: ")
    assert expected in lines[0]
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "mlflow").exists()
    if case != "no such domain":  # which domains there are is known when the images are
        assert done.stdout == ""
        assert not list(tmp_path.iterdir())
