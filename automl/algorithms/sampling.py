"""Where a bracket gets new configurations from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from automl.algorithms.base import Budget
from searchspaces import Space, sample


@dataclass(frozen=True)
class Draw:
    """A configuration as it was drawn.

    Attributes:
        configuration: Active parameters only, plain Python values.
        origin: `random`, `model`, `warm_start` or `fallback`, as in `Suggestion`.
        encoded: The same configuration in the sampler's own encoding, if it has one.
    """

    configuration: dict[str, Any]
    origin: str
    encoded: Mapping[str, Any] = field(default_factory=dict)


class Sampler(Protocol):
    """Draws configurations and may learn from results."""

    def draw(self, budget: Budget) -> Draw:
        """A new configuration, to be evaluated first at `budget`."""
        ...

    def given(self, configuration: dict[str, Any]) -> Draw:
        """A draw of a point of the space that was chosen elsewhere; costs no random number."""
        ...

    def learn(self, draw: Draw, budget: Budget, loss: float | None) -> None:
        """Take in the loss of a draw at a budget; None means that it failed."""
        ...


class UniformSampler:
    """Independent uniform draws from one stream, in the order in which they are needed."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._rng = np.random.default_rng(seed)

    def draw(self, budget: Budget) -> Draw:  # noqa: ARG002 - a uniform draw is the same at any
        """A new uniform draw."""
        return Draw(sample(self._space, self._rng), "random")

    def given(self, configuration: dict[str, Any]) -> Draw:
        """A draw that is `configuration`."""
        return Draw(configuration, "warm_start")

    def learn(self, draw: Draw, budget: Budget, loss: float | None) -> None:
        """Nothing is learnt."""
