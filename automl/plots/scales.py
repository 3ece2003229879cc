"""How a parameter's values lie along an axis: as numbers, or as a few values at equal steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import LogLocator, MaxNLocator

from automl.formatting import number

_FEW = 6
"""Different numbers up to which each is a step of its own."""
_LOG_RATIO = 50.0
"""Numbers that span more than this are drawn on a logarithmic axis."""
_LOG_RATIO_OF_RANGE = 10.0
"""The same for those drawn from a range: of a list, 1 to 13 may be no more than names."""
_TICKS = 5
_LABELS = 16

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """An axis.

    Attributes:
        labels: of the steps, in their order; none on a continuous axis.
        low: position of height 0.
        high: position of height 1.
        logarithmic: whether a continuous axis is.
    """

    labels: tuple[str, ...]
    low: float
    high: float
    logarithmic: bool = False

    @classmethod
    def of_numbers(cls, values: Sequence[float] | Floats, *, logarithmic: bool) -> Scale:
        """A continuous axis over some numbers."""
        low, high = float(np.min(values)), float(np.max(values))
        return cls((), low, high if high > low else low + 1.0, logarithmic)

    @property
    def continuous(self) -> bool:
        """Whether it has no steps."""
        return not self.labels

    def positions(self, values: Sequence[Any]) -> list[float]:
        """Values as they lie on an axis of matplotlib's: numbers, or the numbers of steps."""
        if self.continuous:
            return [float(value) for value in values]
        place = {label: float(step) for step, label in enumerate(self.labels)}
        return [place[number(value)] for value in values]

    def heights(self, values: Sequence[Any]) -> Floats:
        """Values (n,) as heights from 0 to 1."""
        return self._height(np.array(self.positions(values), dtype=float))

    def value(self, height: float) -> float:
        """The number at a height of a continuous axis; undoes :meth:`heights`."""
        low, high = self._bounds()
        at = low + height * (high - low)
        return float(10**at) if self.logarithmic else at

    def shown(self) -> list[tuple[float, Any]]:
        """(height, number or label) of the ticks: of many steps evenly spaced ones."""
        if not self.continuous:
            steps = range(0, len(self.labels), math.ceil(len(self.labels) / _LABELS))
            heights = self._height(np.array(steps, dtype=float))
            return [(float(h), self.labels[s]) for h, s in zip(heights, steps, strict=True)]
        locator = LogLocator(numticks=_TICKS + 1) if self.logarithmic else MaxNLocator(_TICKS)
        inside = [t for t in locator.tick_values(self.low, self.high) if self.low <= t <= self.high]
        ticks = inside if len(inside) > 1 else [self.low, self.high]
        return [(float(self._height(np.array([t]))[0]), float(t)) for t in ticks]

    def _height(self, positions: Floats) -> Floats:
        low, high = self._bounds()
        at = np.log10(positions) if self.logarithmic else positions
        heights: Floats = (at - low) / (high - low)
        return heights

    def _bounds(self) -> tuple[float, float]:
        if self.logarithmic:
            return math.log10(self.low), math.log10(self.high)
        return self.low, self.high


def scale_of(values: Sequence[Any], ranged: bool | None = None) -> Scale:
    """The axis for some values of a parameter: steps where they are few or no numbers.

    Args:
        values: of the configurations.
        ranged: whether they are drawn from a range, so that the gaps between few of them mean
            something; ``None`` where the space is not known.
    """
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if ranged is None:
        ranged = _look_drawn(values)
    if numeric and (ranged or len(set(values)) > _FEW):
        low, high = min(values), max(values)
        smallest = min((v for v in values if v > 0), default=high)
        wide = high > 0 and high / smallest > (_LOG_RATIO_OF_RANGE if ranged else _LOG_RATIO)
        # A zero among powers has no place on a logarithmic axis, nor the powers on another.
        if low > 0 or not wide or ranged or len(set(values)) > _LABELS:
            return Scale.of_numbers(values, logarithmic=low > 0 and wide)
    labels = (number(v) for v in (sorted(values) if numeric else values))
    ordered = tuple(dict.fromkeys(labels) if numeric else sorted(set(labels), key=_natural))
    # Half a step above and below, so that what lies at one step has room.
    return Scale(ordered, -0.5, len(ordered) - 0.5)


def _look_drawn(values: Sequence[Any]) -> bool:
    """Whether all are fractions, and none comes twice: of a list of choices some would."""
    different = len(values) > 1 and len(set(map(str, values))) == len(values)
    return different and all(isinstance(v, float) for v in values)


def _natural(label: str) -> tuple[float, str]:
    try:
        return float(label), label
    except ValueError:
        return math.inf, label
