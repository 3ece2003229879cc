"""The paper's whole BOHB schedule by the real command, with trials that do nothing."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEARCH = [
    *("--config-dir", str(ROOT / "benchmarks" / "conf")),
    *("search=deepfreak_bohb", "scale=paper", "trainable=noop", "data=noop", "space=noop"),
    *("trainable.budget.max=50", "trainable.iterations=16", "tracking=none", "name=trace"),
]


@pytest.mark.slow
@pytest.mark.e2e
def test_the_schedule_at_the_papers_scale_is_hpbandsters(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "automl.run", *SEARCH, f"paths.runs={tmp_path}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "trace" / "ledger.jsonl").read_text().splitlines()
    asked = [row for row in map(json.loads, lines) if row["event"] == "asked"]
    searched = [row for row in asked if row["phase"] == "search"]
    assert Counter(row["budget"] for row in searched) == {1: 108, 5: 72, 16: 48, 50: 32}
    assert len(asked) - len(searched) == 15  # the three best with five seeds each
    assert "260 trials, 0 failed, 2,424 epochs" in done.stdout
    assert "Promotions: 76, saving 412 epochs" in done.stdout
