"""Searches by HpBandSter's own iterations and generators, without its servers and threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from hpbandster.core.dispatcher import Job
from hpbandster.optimizers import bohb as hpbandster_bohb
from hpbandster.optimizers.config_generators.bohb import BOHB
from hpbandster.optimizers.config_generators.random_sampling import RandomSampling

from benchmarks.quality.meter import Meter, Trace
from benchmarks.quality.seeding import foreign, stream_seed
from benchmarks.quality.surface import Surface
from searchspaces import from_configspace, to_hpbandster

GENERATORS = {"bohb": BOHB, "hyperband": RandomSampling}
ETA = 3


def search(surface: Surface, seed: int, total: int, algorithm: str) -> Trace:
    """Run `core/master.py`'s loop with one worker, until the next run cannot be afforded.

    Every run starts from scratch. Budgets are given to the surface rounded down to whole units,
    as the paper's worker does; the generator knows them as HpBandSter's own fractions.
    """
    start = stream_seed(seed, f"hpbandster {algorithm}")
    with foreign(start):
        space = to_hpbandster(surface.space, start)
        optimizer = _master(GENERATORS[algorithm](configspace=space), surface)
        return _run(optimizer, surface, Meter(surface, total))


def _master(generator: Any, surface: Surface) -> Any:
    """HpBandSter's BOHB with what its iterations read, and without what starts its servers."""
    optimizer = hpbandster_bohb.BOHB.__new__(hpbandster_bohb.BOHB)
    low, high = surface.min_budget, surface.max_budget
    optimizer.eta = ETA
    optimizer.max_SH_iter = -int(np.log(low / high) / np.log(ETA)) + 1
    optimizer.budgets = high * np.power(
        ETA, -np.linspace(optimizer.max_SH_iter - 1, 0, optimizer.max_SH_iter)
    )
    optimizer.config_generator = generator
    optimizer.iterations = []
    return optimizer


def _run(optimizer: Any, surface: Surface, meter: Meter) -> Trace:
    while True:
        iteration = optimizer.get_next_iteration(len(optimizer.iterations))
        optimizer.iterations.append(iteration)
        while (run := iteration.get_next_run()) is not None:
            identity, encoded, exact_budget = run
            # 25 may come as 24.999999999999996, which is not meant to be 24.
            budget = int(exact_budget * (1 + 1e-9))
            if not meter.affords(budget):
                return meter.trace(_model_share(optimizer))
            loss = meter.evaluate(from_configspace(surface.space, encoded), budget)
            job = Job(identity, config=encoded, budget=exact_budget)
            job.result = None if loss is None else {"loss": loss, "info": {}}
            iteration.register_result(job)
            optimizer.config_generator.new_result(job)


def _model_share(optimizer: Any) -> float:
    drawn = [datum for iteration in optimizer.iterations for datum in iteration.data.values()]
    picks = [bool(datum.config_info.get("model_based_pick")) for datum in drawn]
    return sum(picks) / len(picks)
