"""A conditional surface over the classical space: extractors and classifiers with their own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmarks.quality.surface import (
    Configuration,
    evaluation_stream,
    finite,
    position,
    project_space,
)
from searchspaces import FiniteParameter, Ordinal, Space, Subset

NOISE = 0.003
FLOOR = 0.02
_NEARNESS = 0.75  # of a related surface's tables, the share that is this one's
_VALLEY = ("svm_c", "svm_gamma")

Key = tuple[str, str]


@dataclass(frozen=True)
class Conditional:
    """Validation error as a sum of tables, one for each active parameter.

    The tables of a classifier's parameters differ from extractor to extractor; those of the SVM's
    C and gamma are one valley, in which a larger C wants a smaller gamma. Ordinals have smooth
    tables, subsets add up what their items do. Noise has a deviation of 0.003.

    Attributes:
        seed: Of tables and noise.
        tables: By "extractor/classifier" the (3, 2) costs of the pairs, by "extractor/parameter"
            the costs of each value.
    """

    min_budget: ClassVar[int] = 1
    max_budget: ClassVar[int] = 1
    space: ClassVar[Space] = project_space("classical")

    seed: int
    tables: dict[Key, np.ndarray]

    @classmethod
    def draw(cls, seed: int) -> Conditional:
        """The surface of a seed."""
        return cls(seed, _drawn_tables(cls.space, np.random.default_rng([seed, 0])))

    def related(self) -> Conditional:
        """A surface whose tables are three quarters this one's and one quarter another's."""
        other = _drawn_tables(self.space, np.random.default_rng([self.seed, 1]))
        mixed = {
            key: _NEARNESS * t + (1 - _NEARNESS) * other[key] for key, t in self.tables.items()
        }
        return Conditional(self.seed, mixed)

    @property
    def optimum(self) -> float:
        """The best sum: the tables of a pair of extractor and classifier share no parameter."""
        return min(
            math.fsum(
                [FLOOR, float(self.tables[extractor, classifier][()])]
                + [
                    float(table.min())
                    for (owner, name), table in self.tables.items()
                    if owner == extractor and name.startswith((f"{extractor}_", f"{classifier}_"))
                ]
            )
            for extractor in _values(self.space, "extractor")
            for classifier in _values(self.space, "classifier")
        )

    def loss(self, configuration: Configuration, budget: int) -> float:
        """The error with its noise; no configuration fails."""
        noise = evaluation_stream(self.seed, configuration, budget).normal(0.0, NOISE)
        return self.truth(configuration) + float(noise)

    def truth(self, configuration: Configuration) -> float:
        """The error without noise."""
        extractor, classifier = configuration["extractor"], configuration["classifier"]
        costs = [FLOOR, float(self.tables[extractor, classifier][()])]
        costs += [
            float(self.tables[extractor, name][position(self.space, name, configuration)])
            for name in configuration
            if name not in ("extractor", "classifier", *_VALLEY)
        ]
        if classifier == "svm":
            place = tuple(position(self.space, name, configuration) for name in _VALLEY)
            costs.append(float(self.tables[extractor, "svm_valley"][place]))
        # Exact, so that the order of a configuration's keys does not show in the last bit.
        return math.fsum(costs)


def _drawn_tables(space: Space, rng: np.random.Generator) -> dict[Key, np.ndarray]:
    tables: dict[Key, np.ndarray] = {}
    for extractor in _values(space, "extractor"):
        for classifier in _values(space, "classifier"):
            tables[extractor, classifier] = np.array(rng.gamma(2.0, 0.05))
        own = [name for name in space.names if name.startswith((f"{extractor}_", "rf_", "svm_"))]
        for name in own:
            if name not in _VALLEY:
                tables[extractor, name] = _table(finite(space, name), rng)
        tables[extractor, "svm_valley"] = _valley(
            *(finite(space, name).size for name in _VALLEY), rng
        )
    return tables


def _table(parameter: FiniteParameter, rng: np.random.Generator) -> np.ndarray:
    """(values,) costs from 0: smooth for an ordinal, additive for a subset, else independent."""
    positions = np.linspace(0.0, 1.0, parameter.size)
    if isinstance(parameter, Ordinal):
        cost = rng.uniform(0.05, 0.2) * (positions - rng.uniform(0.0, 1.0)) ** 2
    elif isinstance(parameter, Subset):
        gains = dict(
            zip(parameter.choices, rng.normal(0.0, 0.02, len(parameter.choices)), strict=True)
        )
        cost = np.array([sum(gains[item] for item in chosen) for chosen in parameter.values])
    else:
        cost = rng.uniform(0.0, 0.05, parameter.size)
    return cost - cost.min()


def _valley(costs: int, gammas: int, rng: np.random.Generator) -> np.ndarray:
    """(C values, gamma values) costs from 0, along and across a diagonal valley."""
    c = np.linspace(-1.0, 1.0, costs)[:, None]
    gamma = np.linspace(-1.0, 1.0, gammas)
    across = c + gamma - rng.uniform(-0.5, 0.5)
    along = c - gamma - rng.uniform(-1.0, 1.0)
    cost = 0.1 * across**2 + 0.02 * along**2
    return cost - cost.min()


def _values(space: Space, name: str) -> tuple[str, ...]:
    return tuple(str(value) for value in finite(space, name).values)
