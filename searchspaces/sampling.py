"""Plain random draws from a space, for algorithms that need no model."""

from __future__ import annotations

from typing import Any

import numpy as np

from searchspaces.space import Space


def sample(space: Space, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a configuration from the prior: uniform, or uniform in the logarithm.

    Inactive parameters cost no draw, so one seed gives one sequence of configurations.

    Args:
        space: The space.
        rng: The only source of randomness.

    Returns:
        Plain Python, active parameters only, in declaration order.
    """
    return space.fill(lambda parameter: parameter.draw(rng))
