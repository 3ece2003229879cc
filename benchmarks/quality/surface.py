"""What a search is tried on: a function over a space that needs no training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import yaml

from automl.compose import conf_dir
from searchspaces import FiniteParameter, Space, configuration_id, parse_space

Configuration = Mapping[str, Any]


class Surface(Protocol):
    """A loss over a space, with the optimum that regret is measured against.

    Everything is a function of the surface's seed: two surfaces of one seed are equal, and one
    evaluation has one loss, whoever makes it and whenever.

    Attributes:
        space: What may vary.
        min_budget: Smallest budget of an evaluation.
        max_budget: Largest budget; equal to the smallest where there is one fidelity.
        optimum: The smallest noise-free loss at the largest budget, exact.
    """

    space: Space
    min_budget: int
    max_budget: int
    optimum: float

    def loss(self, configuration: Configuration, budget: int) -> float | None:
        """The loss that a search sees; None if the configuration diverges.

        Whether it diverges depends on the configuration alone, and shows in the first unit of
        budget.
        """
        ...

    def truth(self, configuration: Configuration) -> float:
        """The noise-free loss of a configuration that does not diverge, at the largest budget."""
        ...

    def related(self) -> Surface:
        """Another surface of the family, near this one: where an earlier search was made."""
        ...


def evaluation_stream(seed: int, configuration: Configuration, budget: int) -> np.random.Generator:
    """The random stream of one evaluation's noise: of seed, configuration and budget alone."""
    identity = int(configuration_id(configuration), 16)
    return np.random.default_rng([seed, identity, budget])


def project_space(name: str) -> Space:
    """The space that `space=name` composes."""
    return parse_space(yaml.safe_load((conf_dir() / f"space/{name}.yaml").read_text()))


def finite(space: Space, name: str) -> FiniteParameter:
    """A parameter of the space that is known to be finite."""
    parameter = space[name]
    assert isinstance(parameter, FiniteParameter)
    return parameter


def position(space: Space, name: str, configuration: Configuration) -> int:
    """Where a finite parameter's value stands among all that it can take."""
    return finite(space, name).index(configuration[name])
