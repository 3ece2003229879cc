"""Searches by `hyperopt.fmin` itself."""

from __future__ import annotations

from typing import Any

import hyperopt
import numpy as np

from benchmarks.quality.meter import Meter, Trace
from benchmarks.quality.seeding import stream_seed
from benchmarks.quality.surface import Surface
from searchspaces import from_hyperopt, to_hyperopt


def fmin(surface: Surface, seed: int, total: int) -> Trace:
    """TPE with hyperopt's defaults, each evaluation at the largest budget.

    A configuration that diverges is reported as failed, which `fmin` leaves out of its model.
    """
    meter = Meter(surface, total)

    def objective(point: dict[str, Any]) -> dict[str, Any]:
        loss = meter.evaluate(from_hyperopt(surface.space, point), surface.max_budget)
        if loss is None:
            return {"status": hyperopt.STATUS_FAIL}
        return {"status": hyperopt.STATUS_OK, "loss": loss}

    def spent(_: hyperopt.Trials, *arguments: Any) -> tuple[bool, list[Any]]:
        return not meter.affords(surface.max_budget), []

    hyperopt.fmin(
        objective,
        to_hyperopt(surface.space),
        algo=hyperopt.tpe.suggest,
        max_evals=total,
        rstate=np.random.default_rng(stream_seed(seed, "hyperopt")),
        early_stop_fn=spent,
        show_progressbar=False,
        verbose=False,
    )
    return meter.trace()
