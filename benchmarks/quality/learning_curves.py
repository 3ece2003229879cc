"""Synthetic learning curves over the DeepFreak space: what BOHB was chosen for in the paper."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from benchmarks.quality.surface import Configuration, evaluation_stream, position, project_space
from searchspaces import Space

CHANCE = 0.8  # the error of guessing among five classes, where every curve starts
FLOOR = 0.01
NOISE = 0.01
_NEARNESS = 0.75  # of a related surface's traits, the share that is this one's


@dataclass(frozen=True)
class Traits:
    """What a surface is drawn from.

    Attributes:
        topologies: (13,) what each topology costs at its best.
        batches: (5,) the same for each batch size.
        pairs: (13, 5) the same for both together.
        rates: (13,) log10 of each topology's best learning rate, at batch size 16.
        momentum: The best momentum.
        decay: The best weight decay, as a position in its range, in [0, 1].
        paces: (13,) log of the epochs that each topology's curve takes to fall by half.
    """

    topologies: np.ndarray
    batches: np.ndarray
    pairs: np.ndarray
    rates: np.ndarray
    momentum: float
    decay: float
    paces: np.ndarray

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Traits:
        """Random traits; the better half of the topologies is the slower one on average."""
        topologies = rng.gamma(2.0, 0.06, 13)
        ranks = np.argsort(np.argsort(topologies)) / 12
        return cls(
            topologies=topologies,
            batches=rng.uniform(0.0, 0.06, 5),
            pairs=rng.uniform(0.0, 0.04, (13, 5)),
            rates=rng.uniform(-2.6, -1.2, 13),
            momentum=float(rng.uniform(0.75, 0.95)),
            decay=float(rng.uniform(0.0, 1.0)),
            paces=math.log(6.0) - 0.8 * ranks + rng.normal(0.0, 0.5, 13),
        )

    def towards(self, other: Traits) -> Traits:
        """Traits between these and others, nearer to these."""
        mixed: dict[str, Any] = {
            name: _NEARNESS * mine + (1 - _NEARNESS) * vars(other)[name]
            for name, mine in vars(self).items()
        }
        return Traits(**mixed)


@dataclass(frozen=True)
class LearningCurves:
    """Validation error by epoch: good at last and good soon are related, but not the same.

    The final error rises with the distance from the best learning rate (which depends on topology,
    batch size and momentum), momentum and weight decay, all of which a configuration can have at
    once: the optimum is that of the finite parameters, exactly. Learning rates too high for
    momentum and batch size diverge, about a fifth of the space. Noise has a deviation of 0.01.

    Attributes:
        seed: Of traits and noise.
        traits: What distinguishes this surface from others.
    """

    min_budget: ClassVar[int] = 1
    max_budget: ClassVar[int] = 50
    space: ClassVar[Space] = project_space("deepfreak")

    seed: int
    traits: Traits

    @classmethod
    def draw(cls, seed: int) -> LearningCurves:
        """The surface of a seed."""
        return cls(seed, Traits.draw(np.random.default_rng([seed, 0])))

    def related(self) -> LearningCurves:
        """A surface whose traits are three quarters this one's and one quarter another's."""
        other = Traits.draw(np.random.default_rng([self.seed, 1]))
        return LearningCurves(self.seed, self.traits.towards(other))

    @property
    def optimum(self) -> float:
        """The final error of the best topology and batch size, all else at its best."""
        t = self.traits
        return _saturated(float((t.topologies[:, None] + t.batches + t.pairs).min()))

    def loss(self, configuration: Configuration, budget: int) -> float | None:
        """The error after so many epochs, with noise; None if the learning rate is too high."""
        limit = 5.0 * (configuration["batch_size"] / 16) ** 0.25
        if configuration["learning_rate"] / (1.05 - configuration["momentum"]) > limit:
            return None
        final = self.truth(configuration)
        left = self._left(configuration, budget)
        noise = evaluation_stream(self.seed, configuration, budget).normal(0.0, NOISE)
        return final + (CHANCE - final) * left + float(noise)

    def truth(self, configuration: Configuration) -> float:
        """The final error."""
        t = self.traits
        topology, batch = self._positions(configuration)
        momentum = configuration["momentum"] - t.momentum
        rate = self._rate(configuration) - t.rates[topology] + 1.5 * momentum
        decay = (configuration["weight_decay"] - 1e-5) / 4e-5 - t.decay
        finite = t.topologies[topology] + t.batches[batch] + t.pairs[topology, batch]
        return _saturated(float(finite + 0.25 * rate**2 + 0.8 * momentum**2 + 0.02 * decay**2))

    def _left(self, configuration: Configuration, epoch: int) -> float:
        """What is left of the way from chance to the final error: 1 before the first epoch, then 0.

        Small learning rates learn more slowly.
        """
        topology, _ = self._positions(configuration)
        slowness = min(max(self.traits.rates[topology] - self._rate(configuration), -1.0), 2.0)
        half = math.exp(self.traits.paces[topology] + 0.5 * slowness)
        end = half / (half + self.max_budget)
        return (half / (half + epoch) - end) / (1 - end)

    def _rate(self, configuration: Configuration) -> float:
        """log10 of the learning rate that would do the same at batch size 16."""
        return math.log10(configuration["learning_rate"]) - 0.15 * math.log2(
            configuration["batch_size"] / 16
        )

    def _positions(self, configuration: Configuration) -> tuple[int, int]:
        return (
            position(self.space, "topology", configuration),
            position(self.space, "batch_size", configuration),
        )


def _saturated(cost: float) -> float:
    """A cost from 0 as an error from `FLOOR` towards chance."""
    return CHANCE - (CHANCE - FLOOR) * math.exp(-cost / CHANCE)
