"""A smaller extent is the middle of the paper's detector, pixel for pixel."""

from __future__ import annotations

import numpy as np
import pytest

from diffranet.errors import DataError
from diffranet.simulator.parameters import SimulationParameters
from diffranet.simulator.shots import draw_shot
from diffranet.simulator.synthetic import SyntheticRenderer

STRONG = 4


def test_half_the_extent_is_the_middle_quarter():
    shot = draw_shot(np.random.default_rng(3), STRONG)
    whole, middle = (
        SyntheticRenderer(
            SimulationParameters(
                image_size=size, extent=2 * size, mosaic_domains=5, engine="float64"
            )
        ).expected_photons(shot, "train", 0)
        for size in (256, 128)
    )
    assert middle.max() > 2 * np.median(middle), "there are spots to compare"
    np.testing.assert_allclose(middle, whole[64:192, 64:192], rtol=1e-9)


@pytest.mark.parametrize("extent", [0, 513])
def test_extent_beyond_the_detector_is_refused(extent):
    with pytest.raises(DataError, match="extent must be 32 to 512"):
        SimulationParameters(extent=extent)
