"""The searches that are compared, by the names that the tables have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from benchmarks.quality import (
    hpbandster_search,
    hyperopt_search,
    optuna_search,
    ours,
    ray_search,
)
from benchmarks.quality.meter import Trace
from benchmarks.quality.surface import Surface

Search = Callable[[Surface, int, int], Trace]


@dataclass(frozen=True)
class Method:
    """A way to search.

    Attributes:
        search: From surface, seed and total budget to a trace.
        fidelities: Whether it needs more than one budget.
        any_budget_name: Name under which its incumbent is also reported by the rule that the
            lowest loss counts whatever its budget; None: not reported.
    """

    search: Search
    fidelities: bool = False
    any_budget_name: str | None = None


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "random": Method(partial(ours.search, algorithm="random")),
        "tpe": Method(partial(ours.search, algorithm="tpe")),
        "tpe, warm": Method(partial(ours.warm_search, algorithm="tpe")),
        "hyperopt fmin": Method(hyperopt_search.fmin),
        "Optuna TPE": Method(optuna_search.tpe),
        "hyperband": Method(partial(ours.search, algorithm="hyperband"), fidelities=True),
        "HpBandSter Hyperband": Method(
            partial(hpbandster_search.search, algorithm="hyperband"), fidelities=True
        ),
        "bohb": Method(partial(ours.search, algorithm="bohb")),
        "bohb, continued": Method(
            partial(ours.search, algorithm="bohb", continued=True), fidelities=True
        ),
        "bohb, warm": Method(partial(ours.warm_search, algorithm="bohb")),
        "HpBandSter BOHB": Method(partial(hpbandster_search.search, algorithm="bohb")),
        "Ray BOHB": Method(
            ray_search.bohb, fidelities=True, any_budget_name="Ray BOHB, any budget"
        ),
    }
)

# What is subtracted from what, seed by seed; only where a surface has both.
COMPARISONS: tuple[tuple[str, str], ...] = (
    ("bohb", "HpBandSter BOHB"),
    ("bohb, continued", "HpBandSter BOHB"),
    ("bohb", "Ray BOHB"),
    ("bohb", "Ray BOHB, any budget"),
    ("bohb, continued", "Ray BOHB, any budget"),
    ("tpe", "hyperopt fmin"),
    ("tpe", "Optuna TPE"),
    ("hyperband", "HpBandSter Hyperband"),
    ("bohb", "hyperband"),
    ("bohb, warm", "bohb"),
    ("tpe, warm", "tpe"),
)
