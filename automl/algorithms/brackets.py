"""How Hyperband cuts a search into brackets and rungs, exactly as HpBandSter 0.7 lays them out.

The layout is that of `hpbandster.optimizers.bohb.BOHB`: with budgets from 1 to 50 and eta 3, the
paper's setting (section 4.3), four brackets of 27-9-3-1, 9-3-1, 6-2 and 4 configurations take
turns. It differs from Li et al. (2018), who round the number of configurations up.
"""

from __future__ import annotations

import math

import numpy as np

from automl.algorithms.base import Budget, Plan, PlannedBracket
from automl.algorithms.settings import flag, number, whole

Rungs = tuple[tuple[int, Budget], ...]

# 25 comes out of 3125 * 5**-3 as 24.999999999999996, which is not meant to be 24 epochs.
_ROUNDING = 1e-9
# More brackets would fill memory before the first one begins.
_MOST = 100_000


def plan_brackets(
    min_budget: Budget,
    max_budget: Budget,
    eta: float,
    iterations: int,
    *,
    integer_budgets: bool = True,
) -> Plan:
    """Lay out `iterations` brackets, from the widest to the narrowest and round again.

    Args:
        min_budget: Smallest budget worth spending; the lowest rung is the smallest
            max_budget * eta**-k that is not below it. As in HpBandSter that comparison is made
            in floating point: 1 to 243 with eta 3 starts at 3.
        max_budget: Budget of the last rung of each bracket.
        eta: Factor between the budgets of neighbouring rungs; 1/eta are promoted.
        iterations: Number of brackets.
        integer_budgets: Round the budgets of the rungs down to whole numbers, as the paper's
            code does with epochs: 1.85, 5.56, 16.67, 50 become 1, 5, 16, 50.

    Raises:
        ValueError: If a setting is out of range, or rounding leaves a rung without budget or
            two rungs with the same.
    """
    low = number("min_budget", min_budget, above=0)
    high = number("max_budget", max_budget, above=0)
    factor = number("eta", eta, above=1)
    count = whole("iterations", iterations, least=1, most=_MOST)
    if low > high:
        raise ValueError(f"min_budget={low} is greater than max_budget={high}: swap them")
    band = _band(low, high, factor, whole_numbers=flag("integer_budgets", integer_budgets))
    return Plan(tuple(PlannedBracket(i, band[i % len(band)]) for i in range(count)))


def _band(low: Budget, high: Budget, eta: Budget, *, whole_numbers: bool) -> tuple[Rungs, ...]:
    """One turn of brackets: as many as there are budgets, each starting one rung higher."""
    depth = -int(np.log(low / high) / np.log(eta)) + 1
    budgets = [float(b) for b in high * np.power(eta, -np.linspace(depth - 1, 0, depth))]
    if whole_numbers:
        budgets = _rounded_down(budgets)
    return tuple(
        tuple(zip(_sizes(depth, halvings, eta), budgets[-halvings - 1 :], strict=True))
        for halvings in reversed(range(depth))
    )


def _sizes(depth: int, halvings: int, eta: Budget) -> list[int]:
    """Configurations per rung of the bracket that halves `halvings` times."""
    first = int(np.floor(depth / (halvings + 1)) * eta**halvings)
    return [max(int(first * eta**-i), 1) for i in range(halvings + 1)]


def _rounded_down(budgets: list[float]) -> list[Budget]:
    rounded: list[Budget] = [math.floor(budget * (1 + _ROUNDING)) for budget in budgets]
    exact = ", ".join(f"{budget:.4g}" for budget in budgets)
    if rounded[0] < 1:
        raise ValueError(
            f"budgets {exact}: the lowest rung rounds down to 0; "
            "raise min_budget to 1 or more, or set integer_budgets=false"
        )
    if len(set(rounded)) < len(rounded):
        raise ValueError(
            f"budgets {exact}: two rungs round down to the same whole number; "
            "raise eta or min_budget, or set integer_budgets=false"
        )
    return rounded
