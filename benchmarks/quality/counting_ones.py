"""Counting ones (Falkner et al. 2018, section 5.1): half of it noise that budget averages out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmarks.quality.surface import Configuration, evaluation_stream
from searchspaces import Space, parse_space

HALF = 6
SAMPLES_PER_UNIT = 27
_FLIPPED = 1  # of each half, between related surfaces


def _space() -> Space:
    category = {"type": "categorical", "choices": [0, 1], "default": 0}
    number = {"type": "float", "lower": 0.0, "upper": 1.0, "default": 0.5}
    parameters = {f"category_{i}": category for i in range(HALF)}
    parameters |= {f"number_{i}": number for i in range(HALF)}
    return parse_space(
        {"name": "counting_ones", "source": "Falkner et al. 2018", "parameters": parameters}
    )


@dataclass(frozen=True)
class CountingOnes:
    """The share of zeros among six categories and six numbers.

    A number is seen as the mean of 27 Bernoulli samples for each unit of budget: 27 to 729, the
    upper four of the paper's five budgets. As the instances of one seed must differ from another's,
    the value of each parameter that counts as one is drawn.

    Attributes:
        seed: Of the noise.
        ones: (12,) bool; which end of each parameter counts as one.
    """

    min_budget: ClassVar[int] = 1
    max_budget: ClassVar[int] = 27
    optimum: ClassVar[float] = 0.0
    space: ClassVar[Space] = _space()

    seed: int
    ones: tuple[bool, ...]

    @classmethod
    def draw(cls, seed: int) -> CountingOnes:
        """The surface of a seed."""
        rng = np.random.default_rng([seed, 0])
        return cls(seed, tuple(bool(bit) for bit in rng.integers(2, size=2 * HALF)))

    def related(self) -> CountingOnes:
        """The surface with one category and one number turned round."""
        rng = np.random.default_rng([self.seed, 1])
        ones = list(self.ones)
        for half in (0, HALF):
            for position in rng.choice(HALF, size=_FLIPPED, replace=False):
                ones[half + position] = not ones[half + position]
        return CountingOnes(self.seed, tuple(ones))

    def loss(self, configuration: Configuration, budget: int) -> float:
        """The loss at a budget: with the means of its samples in place of the numbers."""
        samples = SAMPLES_PER_UNIT * budget
        rng = evaluation_stream(self.seed, configuration, budget)
        matches, shares = self._parts(configuration)
        return 1.0 - float(matches + rng.binomial(samples, shares).sum() / samples) / (2 * HALF)

    def truth(self, configuration: Configuration) -> float:
        """The loss with the numbers themselves."""
        matches, shares = self._parts(configuration)
        return 1.0 - float(matches + shares.sum()) / (2 * HALF)

    def _parts(self, configuration: Configuration) -> tuple[int, np.ndarray]:
        """How many categories are ones, and how far each number is from zero, in [0, 1]."""
        matches = sum(configuration[f"category_{i}"] == self.ones[i] for i in range(HALF))
        numbers = np.array([configuration[f"number_{i}"] for i in range(HALF)])
        return matches, np.where(self.ones[HALF:], numbers, 1.0 - numbers)
