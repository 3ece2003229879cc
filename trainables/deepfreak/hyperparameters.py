"""The five hyperparameters of Table 10, checked."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Real
from typing import Any

from trainables.deepfreak.options import suggestion
from trainables.deepfreak.topologies import topology


@dataclass(frozen=True)
class Hyperparameters:
    """One configuration of the DeepFreak space (Table 10).

    Attributes:
        topology: column of Table 9; 0 is the default column.
        learning_rate: rate of the first epochs; see `schedule.learning_rate`.
        momentum: of stochastic gradient descent, in [0, 1].
        weight_decay: L2 penalty on all parameters, batch normalisation included.
        batch_size: images per step.
    """

    topology: int
    learning_rate: float
    momentum: float
    weight_decay: float
    batch_size: int

    @classmethod
    def parse(
        cls, configuration: Mapping[str, Any], defaults: Mapping[str, Any]
    ) -> "Hyperparameters":
        """Read a configuration; what it does not name comes from `defaults`.

        Raises:
            ValueError: an unknown, missing or illegal hyperparameter.
        """
        check_names(configuration, defaults)
        return cls(**{name: _READERS[name](name, value)
                      for name, value in {**defaults, **configuration}.items()})  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Plain values, by name."""
        return asdict(self)


NAMES = tuple(item.name for item in fields(Hyperparameters))


def check_names(given: Mapping[str, Any] | frozenset[str], defaults: Mapping[str, Any]) -> None:
    """Refuse unknown and missing hyperparameters.

    Raises:
        ValueError: a name that no hyperparameter has, or one that neither mapping gives.
    """
    for source, names in (("parameter", given), ("option defaults", defaults)):
        for name in sorted(names):
            if name not in NAMES:
                raise ValueError(f"{source} {name}: DeepFreak has none{suggestion(name, NAMES)}")
    for name in NAMES:
        if name not in given and name not in defaults:
            raise ValueError(
                f"parameter {name}: missing; add it to the space or fix it in option defaults"
            )


def check_values(values: Mapping[str, Any]) -> None:
    """Refuse illegal values of the hyperparameters that are named.

    Raises:
        ValueError: a value outside its hyperparameter's range.
    """
    for name, value in values.items():
        _READERS[name](name, value)


def _whole(name: str, value: Any) -> int:
    # Spaces hand over numpy's integers, and some samplers whole floats.
    number = _number(name, value)
    if number != int(number):
        raise ValueError(f"parameter {name}: must be a whole number, not {value!r}")
    return int(number)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"parameter {name}: must be a finite number, not {value!r}")
    return float(value)


def _topology(name: str, value: Any) -> int:
    return topology(_whole(name, value)).number


def _batch_size(name: str, value: Any) -> int:
    size = _whole(name, value)
    if size < 1:
        raise ValueError(f"parameter {name}: must be at least 1, not {value!r}")
    return size


def _learning_rate(name: str, value: Any) -> float:
    rate = _number(name, value)
    if rate <= 0:
        raise ValueError(f"parameter {name}: must be positive, not {value!r}")
    return rate


def _momentum(name: str, value: Any) -> float:
    momentum = _number(name, value)
    if not 0 <= momentum <= 1:
        raise ValueError(f"parameter {name}: must lie in [0, 1], not {value!r}")
    return momentum


def _weight_decay(name: str, value: Any) -> float:
    decay = _number(name, value)
    if decay < 0:
        raise ValueError(f"parameter {name}: must not be negative, not {value!r}")
    return decay


_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "topology": _topology,
    "learning_rate": _learning_rate,
    "momentum": _momentum,
    "weight_decay": _weight_decay,
    "batch_size": _batch_size,
}
