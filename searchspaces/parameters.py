"""The five kinds of parameter a space is made of, as immutable values."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, TypeGuard

import numpy as np

from searchspaces.errors import nearest
from searchspaces.values import Value, freeze, label, plain

MAX_SUBSET_ITEMS = 10
"""A subset of k items is one categorical of 2^k - 1 choices; beyond 1,023 no model learns it."""

INTEGER_MARGIN = 0.4999
"""An integer k is the image of the real interval k ± this. Just below one half, so that rounding
never leaves the bounds."""

DECIMALS = 13
"""ConfigSpace rounds the floats it is given and gives back to this many decimals."""

RESOLUTION = 10.0**-DECIMALS

_ROUNDING = 1e-9  # relative; what exp(log(x)) may be off by, with room to spare


@dataclass(frozen=True)
class Condition:
    """The parameter is active only while `parent` is active and takes one of `values`."""

    parent: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Parameter(ABC):
    """A named dimension of a space, active while all of `conditions` hold."""

    name: str
    default: Value
    conditions: tuple[Condition, ...]

    @property
    @abstractmethod
    def size(self) -> int | None:
        """How many values there are; None if they form a continuum."""

    @abstractmethod
    def canonical(self, value: object) -> Value:
        """Return the declared spelling of `value`.

        Raises:
            ValueError: The parameter cannot take `value`; the text says what it can take.
        """

    def takes(self, value: object) -> bool:
        """Whether the parameter can take `value`."""
        try:
            self.canonical(value)
        except ValueError:
            return False
        return True

    def nearest(self, value: object) -> Value:
        """Return `value` as `canonical` does or, for a quantity, the nearest number it can take.

        Raises:
            ValueError: The parameter cannot take `value`, and it is no number or the parameter
                no quantity.
        """
        return self.canonical(value)

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Value:
        """Draw one value from the parameter's prior."""


@dataclass(frozen=True)
class FiniteParameter(Parameter):
    """A parameter that takes one of a list of values."""

    choices: tuple[Value, ...]

    @property
    def values(self) -> tuple[Value, ...]:
        """Every value, in the order that encodings number them."""
        return self.choices

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.values)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The canonical JSON of every value, in the same order; all different."""
        return tuple(label(value) for value in self.values)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name: position for position, name in enumerate(self.labels)}

    def from_label(self, name: str) -> Value:
        """Return the value whose canonical JSON is `name`.

        Raises:
            ValueError: No value is written so.
        """
        if name not in self._positions:
            raise ValueError(f"{name!r} names none of {self._domain}")
        return self.values[self._positions[name]]

    def at(self, position: float) -> Value:
        """Return the value at a position, which encodings may hold as a float.

        Raises:
            ValueError: There is no such position.
        """
        if not 0 <= position < self.size or position != int(position):
            raise ValueError(f"{position!r} is not the position of one of {self.size} values")
        return self.values[int(position)]

    def index(self, value: object) -> int:
        """Return the position of `value` among `values`.

        Raises:
            ValueError: The parameter cannot take `value`.
        """
        position = self._positions.get(label(value))
        if position is None:
            texts = [choice for choice in self.choices if isinstance(choice, str)]
            near = nearest(value, texts) if isinstance(value, str) else None
            hint = f"; did you mean {_shown(near)}?" if near else ""
            raise ValueError(f"{_shown(value)} is not one of {self._domain}{hint}")
        return position

    def canonical(self, value: object) -> Value:  # noqa: D102
        return self.values[self.index(value)]

    def draw(self, rng: np.random.Generator) -> Value:
        """Draw one of the values, all equally likely."""
        return self.values[int(rng.integers(self.size))]

    @property
    def _domain(self) -> str:
        return ", ".join(_shown(value) for value in self.choices)

    def _nearest_choice(self, value: object) -> Value:
        """The choice itself, else for a number the nearest among the choices that are numbers."""
        if self.takes(value) or not _is_number(value):
            return self.canonical(value)
        numbers = [choice for choice in self.choices if _is_number(choice)]
        if not numbers:
            return self.canonical(value)
        return min(numbers, key=lambda choice: (abs(choice - value), choice))


@dataclass(frozen=True)
class Categorical(FiniteParameter):
    """One of `choices`, which have no order."""

    numeric: bool = False
    """Whether the choices are quantities: numbers of which some are nearer than others."""

    def nearest(self, value: object) -> Value:  # noqa: D102
        return self._nearest_choice(value) if self.numeric else self.canonical(value)


@dataclass(frozen=True)
class Ordinal(FiniteParameter):
    """One of `choices`, whose neighbours are alike."""

    def nearest(self, value: object) -> Value:  # noqa: D102
        return self._nearest_choice(value)


@dataclass(frozen=True)
class Subset(FiniteParameter):
    """Any non-empty combination of `choices`, written as a list in their order.

    Both encodings hold it as one categorical over the 2^k - 1 combinations, so that every
    algorithm sees the same support and the same prior.
    """

    @cached_property
    def _combinations(self) -> tuple[Value, ...]:
        sizes = range(1, len(self.choices) + 1)
        return tuple(chosen for size in sizes for chosen in combinations(self.choices, size))

    @property
    def values(self) -> tuple[Value, ...]:
        """Every combination: single items first, the whole set last."""
        return self._combinations

    def index(self, value: object) -> int:
        """Return the position of the combination; the order of its items does not matter.

        Raises:
            ValueError: `value` is no list of distinct items of `choices`.
        """
        items = freeze(value) if isinstance(value, list | tuple) else value
        if not isinstance(items, tuple) or not items:
            raise ValueError(f"{_shown(value)} is not a list of one or more of {self._domain}")
        known = [label(item) for item in self.choices]
        given = [label(item) for item in items]
        if len(set(given)) < len(given) or not set(given) <= set(known):
            raise ValueError(f"{_shown(value)} is not a combination of {self._domain}")
        return super().index(
            tuple(item for item, name in zip(self.choices, known, strict=True) if name in given)
        )


@dataclass(frozen=True)
class NumericParameter(Parameter):
    """A number between `lower` and `upper`, both included; uniform in its logarithm if `log`."""

    lower: float
    upper: float
    log: bool

    def nearest(self, value: object) -> Value:  # noqa: D102
        if not _is_number(value):
            return self.canonical(value)
        return self.canonical(min(max(self._whole(value), self.lower), self.upper))

    def _whole(self, value: float) -> int | float:
        """Return the number of the parameter's own kind that is nearest to `value`."""
        return value

    def _number(self, value: object) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{_shown(value)} is not a number")
        if not self.lower <= value <= self.upper:
            raise ValueError(f"{_shown(value)} is outside [{self.lower}, {self.upper}]")
        return value

    def _uniform(self, rng: np.random.Generator, lower: float, upper: float) -> float:
        if self.log:
            return math.exp(rng.uniform(math.log(lower), math.log(upper)))
        return float(rng.uniform(lower, upper))


@dataclass(frozen=True)
class Float(NumericParameter):
    """A real number."""

    @property
    def size(self) -> None:
        """None: a continuum."""
        return

    def canonical(self, value: object) -> float:  # noqa: D102
        return float(self._number(value))

    def clipped(self, value: float) -> float:
        """Undo the last-digit excess that ``exp(log(bound))`` and rounding may leave.

        Raises:
            ValueError: `value` is further out than rounding explains, or NaN.
        """
        slack = RESOLUTION + _ROUNDING * max(abs(self.lower), abs(self.upper))
        if not self.lower - slack <= value <= self.upper + slack:
            raise ValueError(f"{value!r} is outside [{self.lower}, {self.upper}]")
        return float(min(max(value, self.lower), self.upper))

    def draw(self, rng: np.random.Generator) -> float:
        """Draw uniformly, or uniformly in the logarithm."""
        return self.clipped(self._uniform(rng, self.lower, self.upper))


@dataclass(frozen=True)
class Integer(NumericParameter):
    """A whole number."""

    lower: int
    upper: int

    def _whole(self, value: float) -> int:
        return round(value)

    @property
    def size(self) -> int:
        """How many values there are."""
        return self.upper - self.lower + 1

    @property
    def real_bounds(self) -> tuple[float, float]:
        """The real interval whose rounding gives every integer, the end ones in full."""
        return self.lower - INTEGER_MARGIN, self.upper + INTEGER_MARGIN

    def canonical(self, value: object) -> int:  # noqa: D102
        number = self._number(value)
        if number != int(number):
            raise ValueError(f"{_shown(value)} is not a whole number")
        return int(number)

    def clipped(self, value: float) -> int:
        """Round to the nearest integer of the bounds.

        Raises:
            ValueError: `value` rounds to no integer within the bounds, or is NaN.
        """
        if not self.lower - 0.5 <= value <= self.upper + 0.5:
            raise ValueError(f"{value!r} is outside [{self.lower}, {self.upper}]")
        return min(max(round(value), self.lower), self.upper)

    def draw(self, rng: np.random.Generator) -> int:
        """Draw uniformly, or uniformly in the logarithm of the real interval around it."""
        return self.clipped(self._uniform(rng, *self.real_bounds))


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value: Any) -> str:
    """Write a value as the user would in YAML."""
    try:
        return label(plain(value))
    except ValueError:
        return repr(value)
