"""Seconds per no-op trial: the whole stack (Ray, ledger, MLflow) against ``hyperopt.fmin``.

python -m benchmarks.overhead [trials=100]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import hyperopt
import numpy as np

from automl.compose import compose_plain
from automl.planning import check
from automl.search import run_search
from automl.settings import parse_settings
from searchspaces import parse_space, to_hyperopt

SPACE = {
    "name": "noop",
    "source": "none",
    "parameters": {"x": {"type": "float", "lower": 0.0, "upper": 1.0, "default": 0.5}},
}


def stack(trials: int, folder: Path, tracking: str) -> float:
    """Return the seconds that no-op trials take, from the end of the first to that of the last."""
    config = compose_plain(["search=deepfreak_random", f"tracking={tracking}"])
    config["data"] = {"name": "benchmarks.noop:NoData", "problem": "noop", "options": {}}
    config["trainable"] |= {"name": "benchmarks.noop:NoOp", "options": {}}
    config["space"] = SPACE
    config["algorithm"] = {"name": "random", "trials": trials, "budget": 1}
    config["confirmation"] = {"configurations": 1, "seeds": 1, "budget": 1}
    config["paths"] = {"runs": str(folder / "runs"), "cache": str(folder / "cache")}
    if tracking == "sqlite":
        config["tracking"] |= {"uri": f"sqlite:///{folder}/mlflow.db", "artifacts": str(folder)}
    settings = parse_settings(config)
    run_search(check(settings), "noop", config)
    return ledger_seconds(folder / "runs/noop/ledger.jsonl")


def ledger_seconds(path: Path) -> float:
    """Return the time between the first and the last end of a trial: start-up is not in it."""
    from automl.ledger import read_events

    events, _ = read_events(path)
    ended = [event["time"] for event in events if event["event"] == "finished"]
    return float(ended[-1] - ended[0])


def fmin(trials: int) -> float:
    """Return the seconds that hyperopt's own loop takes for as many no-op evaluations."""
    begin = time.perf_counter()
    hyperopt.fmin(
        lambda point: 0.0,
        to_hyperopt(parse_space(SPACE)),
        algo=hyperopt.rand.suggest,
        max_evals=trials,
        rstate=np.random.default_rng(0),
        show_progressbar=False,
        verbose=False,
    )
    return time.perf_counter() - begin


def main(short: bool = False, trials: int = 100) -> None:
    trials = 60 if short else trials
    loop = fmin(trials)
    print(f"{'hyperopt.fmin, random':<32} {1000 * loop / trials:8.2f} ms/trial  ({trials} trials)")
    for tracking in ("none", "sqlite"):
        with tempfile.TemporaryDirectory() as folder:
            seconds = stack(trials, Path(folder), tracking)
        print(
            f"{f'whole stack, tracking={tracking}':<32} {1000 * seconds / trials:8.2f} ms/trial"
            f"  ({seconds / loop:,.0f} × fmin)"
        )


if __name__ == "__main__":
    options = dict(word.split("=", 1) for word in sys.argv[1:])
    main(trials=int(options.get("trials", 100)))
