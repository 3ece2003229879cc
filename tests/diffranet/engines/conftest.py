from collections.abc import Callable

import numpy as np
import pytest

from diffranet.simulator.crystal import (
    Cell,
    Crystal,
    random_quaternion,
    rotation_from_quaternion,
)
from diffranet.simulator.mosaic import domain_rotations


@pytest.fixture(scope="session")
def make_crystal() -> Callable[..., Crystal]:
    """A crystal in a drawn orientation, with drawn mosaic domains."""

    def make(
        cell: Cell,
        cells: tuple[int, int, int],
        *,
        domains: int = 1,
        mosaic_deg: float = 0.0,
        seed: int = 0,
    ) -> Crystal:
        rng = np.random.default_rng(seed)
        rows = cell.real_rows() @ rotation_from_quaternion(random_quaternion(rng)).T
        return Crystal(rows, domain_rotations(rng, domains, mosaic_deg), cells, mosaic_deg)

    return make
