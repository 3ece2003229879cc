"""From a name and settings, as a config file has them, to an algorithm."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, cast

from automl.algorithms.base import Algorithm
from automl.algorithms.initial import Initial
from automl.algorithms.settings import whole
from searchspaces import Space
from searchspaces.errors import nearest

# Module and class by name: hyperopt and HpBandSter take seconds to import, so only when used.
ALGORITHMS = MappingProxyType(
    {
        "random": ("automl.algorithms.random_search", "RandomSearch"),
        "tpe": ("automl.algorithms.tpe", "TPE"),
        "hyperband": ("automl.algorithms.hyperband", "Hyperband"),
        "bohb": ("automl.algorithms.bohb", "BOHB"),
        "grid": ("automl.algorithms.grid", "Grid"),
    }
)


def build(
    name: str, space: Space, seed: int, *, initial: Initial = (), **settings: Any
) -> Algorithm:
    """Make a fresh algorithm.

    Args:
        name: One of `ALGORITHMS`.
        space: The space to search.
        seed: Seed of everything the algorithm draws, not negative.
        initial: Points of the space that take the place of the first draws, in this order; the
            plan stays what it is.
        **settings: The algorithm's own settings: `trials` and `budget` for `random`, `tpe` and
            `grid`; `min_budget`, `max_budget`, `eta` and `iterations` for `hyperband` and `bohb`;
            and those of the model behind `tpe` and `bohb`, under the names of hyperopt and
            HpBandSter.

    Raises:
        ValueError: In one line, if the name or a setting is unknown, missing or out of range, or
            an initial configuration is no point of the space.
    """
    if name not in ALGORITHMS:
        raise ValueError(f"algorithm {name!r} is unknown{_hint(name, ALGORITHMS)}")
    module, class_name = ALGORITHMS[name]
    constructor = getattr(importlib.import_module(module), class_name)
    parameters = {
        key: parameter
        for key, parameter in inspect.signature(constructor).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and key != "initial"
    }
    for key in settings:
        if key not in parameters:
            raise ValueError(f"algorithm {name} has no setting {key!r}{_hint(key, parameters)}")
    for key, parameter in parameters.items():
        if key not in settings and parameter.default is inspect.Parameter.empty:
            raise ValueError(f"algorithm {name} lacks the setting {key!r}: give it a value")
    try:
        checked_seed = whole("seed", seed, least=0)
        return cast(Algorithm, constructor(space, checked_seed, initial=initial, **settings))
    except ValueError as error:
        raise ValueError(f"algorithm {name}: {error}") from error


def _hint(word: str, known: Iterable[str]) -> str:
    """`: did you mean 'x'?`, or the list of what there is."""
    near = nearest(word, known)
    return f": did you mean {near!r}?" if near else f": choose from {', '.join(known)}"
