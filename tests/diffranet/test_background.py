"""Water and air against nonBragg, the curves they end in, and any detector."""

from pathlib import Path

import numpy as np
import pytest

from diffranet.simulator.background import BackgroundModel, Layers, background_photons
from diffranet.simulator.geometry import (
    CLASSICAL_ELECTRON_RADIUS_SQUARED,
    Detector,
    polarization,
    sin_theta_over_lambda,
    solid_angle,
)
from diffranet.simulator.scattering import (
    AIR_ATOMS,
    WATER_ATOMS,
    air_intensity,
    free_atom_intensity,
    water_intensity,
)

DATA = Path(__file__).parent / "data"
NONBRAGG = Detector(128, 128, 0.688, 80.0, 44.376, 43.688)
WATER_M2 = 3.3428e26 * 1e-3
"""Water molecules in a square metre, 10 um deep: 1 g/cm^3 at 18.015 g/mol."""


@pytest.mark.parametrize(
    ("name", "layer"),
    [("water", {"water_mm": 0.01, "air_mm": 0.0}), ("air", {"water_mm": 0.0, "air_mm": 5.0})],
)
def test_background_agrees_with_nonbragg(name: str, layer: dict[str, float]) -> None:
    with np.load(DATA / "background_and_psf.npz") as stored:
        expected = stored[name].astype(np.float64)
    found = background_photons(NONBRAGG, wavelength=1.5, photons=1e12, **layer)
    np.testing.assert_allclose(found, expected, rtol=2e-3)
    assert found.mean() == pytest.approx(expected.mean(), rel=5e-4)


@pytest.mark.parametrize("name", ["wide_water", "wide_air", "narrow_air", "beside_water"])
def test_background_agrees_at_other_places(name: str) -> None:
    with np.load(DATA / "background_wide.npz") as stored:
        expected, case = stored[name].astype(np.float64), stored[f"{name}_case"]
    water, air, density, wavelength, distance, pixel, fast, slow, kahn = map(float, case)
    rows, columns = expected.shape
    detector = Detector(rows, columns, pixel, distance, slow, fast)
    found = background_photons(
        detector,
        wavelength=wavelength,
        photons=1e12,
        water_mm=water,
        air_mm=air,
        kahn=kahn,
        water_density=density,
    )
    np.testing.assert_allclose(found, expected, rtol=2e-3)


def test_the_cases_reach_over_the_whole_curve() -> None:
    detector = Detector(64, 64, 2.2, 60.0, 100.0, 20.0)
    stol = sin_theta_over_lambda(detector, 0.5, 1.3)
    assert stol.max() > 0.4
    assert stol.min() < 0.02


@pytest.mark.parametrize("intensity", [water_intensity, air_intensity])
def test_curves_go_on_without_a_step_and_fall(intensity) -> None:
    around = intensity(np.array([0.4999999, 0.5000001]))
    assert around[1] == pytest.approx(around[0], rel=1e-5)
    beyond = intensity(np.linspace(0.5, 2.0, 200))
    assert (np.diff(beyond) < 0).all()
    assert intensity(np.array([9.0]))[0] == beyond[-1] > 0


def test_free_atoms_scatter_all_electrons_forward_and_one_by_one_backward() -> None:
    forward, backward = free_atom_intensity(np.array([0.0, 2.0]), WATER_ATOMS)
    assert forward == pytest.approx(64 + 1 + 1, rel=1e-3)
    # Elastic scattering from the oxygen's core is still there.
    assert 10 < backward < 12
    assert free_atom_intensity(np.array(0.0), AIR_ATOMS) == pytest.approx(2 * 49, rel=2e-3)


def test_interpolation_of_the_table_is_fine() -> None:
    detector = Detector(200, 200, 0.5, 50.0, 50.0, 50.0)
    stol = sin_theta_over_lambda(detector, 0.5, 1.1)
    found = background_photons(detector, wavelength=1.1, photons=1e12, water_mm=0.01, air_mm=0)
    exact = CLASSICAL_ELECTRON_RADIUS_SQUARED * 1e12 * WATER_M2 * water_intensity(stol)
    exact *= solid_angle(detector, 0.5) * polarization(detector, 0.5, 0.0)
    ratio = found / exact
    assert np.ptp(ratio) < 1e-4
    assert ratio.mean() == pytest.approx(18.015 / 18.0, rel=1e-3)


def test_one_model_serves_pulses_in_any_order() -> None:
    model = BackgroundModel(NONBRAGG, kahn=0.3)
    layers = Layers(0.02, 3.0)
    first = model.photons(layers, 1.5, 1e12)
    other = model.photons(Layers(0.05, 1.0), 1.1, 3e11)
    assert np.array_equal(first, model.photons(layers, 1.5, 1e12))
    alone = background_photons(
        NONBRAGG, wavelength=1.1, photons=3e11, water_mm=0.05, air_mm=1.0, kahn=0.3
    )
    assert np.array_equal(other, alone)


def test_layers_add_and_scale() -> None:
    model = BackgroundModel(NONBRAGG)
    both = model.photons(Layers(0.01, 5.0), 1.5, 1e12)
    water = model.photons(Layers(0.01, 0.0), 1.5, 1e12)
    air = model.photons(Layers(0.0, 2.5, air_density=2.4e-3), 1.5, 1e12)
    np.testing.assert_allclose(both, water + air, rtol=1e-12)
    heavy = model.photons(Layers(0.01, 0.0, water_molar_mass=36.0), 1.5, 2e12)
    np.testing.assert_allclose(heavy, water, rtol=1e-12)
    assert not model.photons(Layers(0.01, 5.0), 1.5, 0.0).any()


@pytest.mark.parametrize(
    ("shape", "beam"),
    [((1, 1), (0.086, 0.086)), ((1, 97), (0, 0)), ((61, 7), (-300, 40)), ((5, 64), (1e4, 1e4))],
)
def test_any_detector(shape: tuple[int, int], beam: tuple[float, float]) -> None:
    detector = Detector(*shape, 0.172, 80.0, *beam)
    found = background_photons(
        detector, wavelength=0.3, photons=1e12, water_mm=0.01, air_mm=5.0, kahn=1.0
    )
    assert found.shape == shape
    assert np.isfinite(found).all()
    assert (found >= 0).all()


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_bad_numbers_are_refused(bad: float) -> None:
    model = BackgroundModel(Detector(4, 4, 0.172, 80.0, 0.3, 0.3))
    with pytest.raises(ValueError, match="water_mm must be a finite number"):
        Layers(bad, 1.0)
    with pytest.raises(ValueError, match="air_molar_mass must be a finite number"):
        Layers(1.0, 1.0, air_molar_mass=bad)
    with pytest.raises(ValueError, match="wavelength must be above zero"):
        model.photons(Layers(1.0, 1.0), bad, 1e12)
    with pytest.raises(ValueError, match="photons of a pulse"):
        model.photons(Layers(1.0, 1.0), 1.0, bad)
