"""The single-precision engine against the exact one, and where it hands over to it."""

from collections.abc import Callable

import numpy as np
import pytest

from diffranet.simulator.beam import Beam, draw_domain_wavelengths
from diffranet.simulator.bragg import bragg_photons
from diffranet.simulator.crystal import Cell, Crystal
from diffranet.simulator.engines import float32
from diffranet.simulator.engines.reflections import candidates
from diffranet.simulator.factors import WilsonModel, wilson_factors
from diffranet.simulator.geometry import Detector
from diffranet.simulator.mosaic import largest_angle

PSII = Cell(117.0, 222.0, 308.0)
PAPER_CORNER = Detector(96, 96, 0.172, 80.0, -20.0, -24.0, 2)
GEOMETRIES = {
    "paper, middle": (PSII, (9, 5, 4), 0.5, Detector(96, 96, 0.172, 80, 8.2, 8.2, 2), 1.5, 2.2),
    "paper, corner": (PSII, (9, 5, 4), 0.5, PAPER_CORNER, 1.5, 2.2),
    "tetragonal, three subpixels": (
        *(Cell(58.6, 58.6, 151.5), (17, 17, 7), 0.3),
        *(Detector(160, 200, 0.172, 80, 3.0, 14.0, 3), 1.304, 2.0),
    ),
    "monoclinic": (
        *(Cell(60, 70, 80, 90, 105, 90), (12, 10, 9), 0.2),
        *(Detector(400, 400, 0.1, 60, 20, 20, 1), 1.0, 1.5),
    ),
    "far and short": (PSII, (9, 5, 4), 0.1, Detector(200, 200, 0.172, 200, 5, 5, 2), 0.7, 2.5),
}


@pytest.mark.parametrize("name", GEOMETRIES)
@pytest.mark.parametrize("bandwidth", [0.0, 0.003])
def test_agrees_with_float64(
    make_crystal: Callable[..., Crystal], name: str, bandwidth: float
) -> None:
    cell, cells, mosaic, detector, wavelength, d_min = GEOMETRIES[name]
    crystal = make_crystal(cell, cells, domains=60, mosaic_deg=mosaic, seed=3)
    waves = draw_domain_wavelengths(np.random.default_rng(1), 60, wavelength, bandwidth)
    beam = Beam(wavelength, 1e21, 0.3, bandwidth, waves if bandwidth else None)
    factors = wilson_factors(cell, WilsonModel(1e4, 20.0), d_min, 1)
    assert narrow_share(crystal, factors, detector, beam) == 1.0, "nothing to test otherwise"
    exact = bragg_photons(crystal, factors, detector, beam, "float64")
    found = bragg_photons(crystal, factors, detector, beam, "float32")
    assert (exact > 0).sum() > 200
    assert np.abs(found - exact).sum() < 5e-5 * exact.sum()
    assert found.sum() == pytest.approx(exact.sum(), rel=1e-5)


def narrow_share(crystal, factors, detector, beam) -> float:
    mosaic = largest_angle(crystal.domain_rotations)
    spread = float32.largest_spread(beam)
    found = candidates(crystal, factors, detector, beam, mosaic=mosaic, spread=spread)
    return float(float32._within_nine(found, crystal, detector, beam, mosaic).mean())


def test_wide_spots_are_not_cut(make_crystal: Callable[..., Crystal]) -> None:
    """Spots wider than nine subpixels at high angles, narrower at low ones: both in one image."""
    cell = Cell(60, 70, 80)
    crystal = make_crystal(cell, (11, 10, 9), domains=20, mosaic_deg=0.3, seed=2)
    detector = Detector(600, 150, 0.06, 40.0, 0.0, 3.0, 1)
    factors = wilson_factors(cell, WilsonModel(1e4, 10.0), 1.2, 1)
    beam = Beam(1.5, 1e21)
    assert 0.05 < narrow_share(crystal, factors, detector, beam) < 0.95
    exact = bragg_photons(crystal, factors, detector, beam, "float64")
    found = bragg_photons(crystal, factors, detector, beam, "float32")
    assert np.abs(found - exact).sum() < 5e-5 * exact.sum()


@pytest.mark.parametrize("cells", [(1, 1, 1), (1, 5, 4)])
def test_single_cells_go_to_float64(
    make_crystal: Callable[..., Crystal], cells: tuple[int, int, int]
) -> None:
    crystal = make_crystal(PSII, cells, domains=3, mosaic_deg=1.0)
    factors = wilson_factors(PSII, WilsonModel(1e4, 20.0), 4.0, 1)
    detector = Detector(40, 40, 0.172, 80.0, 3.0, 3.0, 2)
    exact = bragg_photons(crystal, factors, detector, Beam(1.5, 1e21), "float64")
    found = bragg_photons(crystal, factors, detector, Beam(1.5, 1e21), "float32")
    assert exact.max() > 0
    np.testing.assert_array_equal(found, exact)


def test_one_wavelength_for_each_domain(make_crystal: Callable[..., Crystal]) -> None:
    """The same crystal at three wavelengths is the mean of three images."""
    crystal = make_crystal(PSII, (9, 5, 4), seed=5)
    factors = wilson_factors(PSII, WilsonModel(1e4, 20.0), 2.5, 1)
    waves = np.array([1.48, 1.5, 1.53])
    thrice = Crystal(crystal.real_rows, np.repeat(np.eye(3)[None], 3, axis=0), crystal.cells)
    for engine in ("float64", "float32"):
        together = bragg_photons(
            thrice, factors, PAPER_CORNER, Beam(1.5, 1e21, 0.0, 0.01, waves), engine
        )
        apart = [
            bragg_photons(crystal, factors, PAPER_CORNER, Beam(w, 1e21), engine) for w in waves
        ]
        assert all(image.max() > 0 for image in apart)
        np.testing.assert_allclose(together, np.mean(apart, axis=0), rtol=1e-6)


def test_wrong_number_of_wavelengths_is_refused(make_crystal: Callable[..., Crystal]) -> None:
    crystal = make_crystal(PSII, (9, 5, 4))
    factors = wilson_factors(PSII, WilsonModel(1e4, 20.0), 4.0, 1)
    beam = Beam(1.5, 1e21, 0.0, 0.01, np.array([1.5, 1.5]))
    for engine in ("float64", "float32"):
        with pytest.raises(ValueError, match="2 wavelengths for 1 mosaic domains"):
            bragg_photons(crystal, factors, PAPER_CORNER, beam, engine)
