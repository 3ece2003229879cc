"""No-op evaluations by ``hyperopt.fmin`` with random search, as JSON: seconds from first to last.

python -m benchmarks.plain_fmin TRIALS
"""

from __future__ import annotations

import json
import sys
import time

import hyperopt
import numpy as np


def main(trials: int) -> None:
    ended: list[float] = []

    def nothing(_: object) -> float:
        ended.append(time.perf_counter())
        return 0.0

    hyperopt.fmin(
        nothing,
        {"x": hyperopt.hp.uniform("x", 0, 1), "y": hyperopt.hp.loguniform("y", -9, 0)},
        algo=hyperopt.rand.suggest,
        max_evals=trials,
        rstate=np.random.default_rng(0),
        show_progressbar=False,
        verbose=False,
    )
    print(json.dumps({"seconds": ended[-1] - ended[0]}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
