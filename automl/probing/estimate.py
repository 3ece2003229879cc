"""How long a search will take, put together from a probe and a simulated schedule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from automl.planning import Checked
from automl.probing.draws import priced
from automl.probing.probe import Price, Probed, ProbeError, probe
from automl.probing.schedule import Simulated, simulate

START, REPORT, TRACKED = 6.5, 4.0, 4.0
"""Seconds, on an idle machine of two cores: from the command to the first task, Ray's start above
all; results, figures and report at the end; what MLflow takes besides."""
WORKER = 1.5
"""Seconds until Ray has a process for a worker, before that imports anything."""
TRIAL = 0.01
"""Seconds that a trial costs beyond its own work (`python -m benchmarks.overhead`)."""
UNSURE = 1.2
"""Factor by which a probe of seconds may be wrong for a run of minutes."""
REWARD = 0.6
"""How much better, in spreads of the loss, a configuration is that costs one spread more, where the
probe saw no loss: who takes more steps tends to win, and is trained longest (Table 11's winners
have the smallest batches)."""
SURE = 3.0
"""How much more a probe tells of a loss, where it has seen one, than chance adds to it."""
BETTER = 0.25
"""The share of configurations, by their loss, that a search's model chooses from: TPE and BOHB take
the best quarter or less for good ones, and draw the like."""
_SEARCHES = 40


@dataclass(frozen=True)
class Estimate:
    """Seconds of each part of a search, and its bytes.

    Attributes:
        device: Where trials run.
        parts: By name, in the order in which they come; of the median simulated search.
        total: Their sum.
        low: Of ten simulated searches one is shorter, divided by ``UNSURE``.
        high: Of ten simulated searches one is longer, times ``UNSURE``.
        searches: How many were simulated.
        checkpoints: Most files of that kind at the same time.
        probed: What this rests on.
    """

    device: str
    parts: Mapping[str, float]
    total: float
    low: float
    high: float
    searches: int
    checkpoints: int
    probed: Probed


def estimate(checked: Checked, device: str, probed: Probed | None = None) -> Estimate:
    """Probe and simulate.

    Args:
        checked: The search.
        device: ``cpu`` or ``cuda``.
        probed: What a probe of `priced` has found; None to run it.

    Raises:
        ProbeError: The probe failed, or no configuration has a price.
    """
    configurations, first, share = priced(checked)
    probed = probe(checked, configurations, device) if probed is None else probed
    beginning = probed.prices[:first]
    pool = [price for price in probed.prices if price is not None]
    if not pool:
        raise ProbeError("the probe had no time for a single configuration")
    runs = [_simulated(checked, beginning, pool, share, probed, seed) for seed in range(_SEARCHES)]
    fixed = _fixed(checked, probed)
    lengths = np.array([run.search + run.confirmation for run in runs])
    middle = runs[int(np.argsort(lengths)[len(runs) // 2])]
    evaluation = probed.data["evaluated"] * middle.evaluated
    parts = {
        **fixed,
        "search": middle.search,
        "confirmation": middle.confirmation,
        "evaluation and report": evaluation + _ending(checked, probed),
    }
    total = sum(parts.values())
    # Only what depends on draws spreads; everything may be measured wrongly.
    spread = np.quantile(lengths, [0.1, 0.9]) - (middle.search + middle.confirmation)
    return Estimate(
        device=device,
        parts=parts,
        total=total,
        low=(total + float(spread[0])) / UNSURE,
        high=(total + float(spread[1])) * UNSURE,
        searches=len(runs),
        checkpoints=max(run.kept for run in runs),
        probed=probed,
    )


def _simulated(
    checked: Checked,
    beginning: Sequence[Price | None],
    pool: Sequence[Price],
    share: float,
    probed: Probed,
    seed: int,
) -> Simulated:
    rng = np.random.default_rng(seed)
    prices = list(beginning)
    merits = _merits(pool)
    # Those that the model of this search takes for good ones.
    losses = rng.normal(size=len(pool)) - [merits(price) for price in pool]
    better = np.argsort(losses)[: math.ceil(BETTER * len(pool))]

    def price_of(number: int) -> Price:
        while number >= len(prices):
            modelled = rng.random() < share
            prices.append(pool[int(rng.choice(better))] if modelled else None)
        price = prices[number]
        if price is None:
            price = prices[number] = pool[int(rng.integers(len(pool)))]
        return price

    setup, trial = WORKER * probed.slowness + probed.setup, TRIAL * probed.slowness
    return simulate(checked, price_of, seed, setup=setup, trial=trial, merit=merits)


def _merits(pool: Sequence[Price]) -> Callable[[Price], float]:
    """Return what a price takes off the loss, from what the probe saw of it or else its cost."""
    costs = np.log([_cost(price) for price in pool])
    middle, spread = float(costs.mean()), float(costs.std()) or 1.0
    seen = [price.loss for price in pool if price.loss is not None] or [0.0]
    usual, apart = float(np.mean(seen)), float(np.std(seen)) or 1.0

    def merit(price: Price) -> float:
        if price.loss is not None:
            return SURE * (usual - price.loss) / apart
        return REWARD * (math.log(_cost(price)) - middle) / spread

    return merit


def _cost(price: Price) -> float:
    return max(price.fixed + price.unit, 1e-6)


def _fixed(checked: Checked, probed: Probed) -> dict[str, float]:
    """Return the seconds before the first trial, by what is done in them."""
    workers, data = checked.settings.workers, probed.data
    parts = {"start": START * probed.slowness}
    if not data["ready"]:
        parts["images"] = data["serial_seconds"] + data["seconds"] / workers
    if probed.shared:
        parts["preparation"] = probed.shared / workers
    return parts


def _ending(checked: Checked, probed: Probed) -> float:
    is_tracked = checked.settings.tracking.uri is not None
    return (REPORT + TRACKED * is_tracked) * probed.slowness
