"""Structure factors, mosaic domains, background, detector: against references and statistics."""

from pathlib import Path

import numpy as np
import pytest

from diffranet.simulator.background import air_intensity, background_photons
from diffranet.simulator.crystal import Cell, random_quaternion, rotation_from_quaternion
from diffranet.simulator.detector import (
    Readout,
    fibre_psf,
    read_out,
    spread,
    to_grey,
)
from diffranet.simulator.geometry import Detector
from diffranet.simulator.mosaic import domain_rotations, largest_angle
from diffranet.simulator.structure_factors import WilsonModel, inverse_d_squared, wilson_table

REFERENCE = Path(__file__).parent / "data" / "background_and_psf.npz"
NONBRAGG = Detector(128, 128, 0.688, 80.0, 44.376, 43.688)


@pytest.mark.parametrize(
    ("name", "layer", "tolerance"),
    [("water", {"water_mm": 0.01, "air_mm": 0}, 0.02), ("air", {"water_mm": 0, "air_mm": 5}, 0.06)],
)
def test_background_agrees_with_nonbragg(
    name: str, layer: dict[str, float], tolerance: float
) -> None:
    with np.load(REFERENCE) as stored:
        expected = stored[name].astype(np.float64)
    found = background_photons(NONBRAGG, wavelength=1.5, photons=1e12, **layer)
    np.testing.assert_allclose(found, expected, rtol=tolerance)
    assert found.mean() == pytest.approx(expected.mean(), rel=0.02)


def test_air_scatters_forward_like_all_its_electrons_together() -> None:
    assert air_intensity(np.zeros(1))[0] == pytest.approx(14.0**2, rel=2e-3)


def test_point_spread_agrees_with_noisify() -> None:
    with np.load(REFERENCE) as stored:
        expected = stored["psf_image"].astype(np.float64)
        photons = np.zeros(expected.shape)
        photons[32, 32] = stored["psf_in_photons"]
        uniform = float(stored["psf_lost_uniform"])
    found = spread(photons, 0.172, 0.041)
    # noisify floors to whole counts and spreads what its cut kernel loses over all pixels.
    inside = np.hypot(*(np.indices(expected.shape) - 32)) < 31
    assert np.abs(found + uniform - expected)[inside].max() < 1.0


def test_point_spread_keeps_the_photons() -> None:
    kernel = fibre_psf((600, 600), 0.172, 0.041)
    assert kernel[0, 0] == pytest.approx(0.7306, abs=1e-3)
    assert kernel.sum() == pytest.approx(1.0, abs=1e-3)


def test_detector_noise_is_the_papers() -> None:
    rng = np.random.default_rng(0)
    shape = (256, 256)
    level = 400.0
    gain = 1.0 + 0.04 * np.random.default_rng(1).standard_normal(shape)
    counts = read_out(rng, np.full(shape, level), 0.172, Readout(psf_fwhm_mm=0), gain)
    assert counts.mean() == pytest.approx(level + 10, rel=5e-3)
    assert counts.var() == pytest.approx(level + 3**2 + (0.04 * level) ** 2, rel=0.05)


def test_blank_images_are_read_noise_on_the_offset() -> None:
    counts = read_out(
        np.random.default_rng(0), np.zeros((128, 128)), 0.172, Readout(), np.ones((128, 128))
    )
    assert to_grey(counts).mean() == pytest.approx(2.63, abs=0.03)
    assert counts.std() == pytest.approx(3.0, rel=0.02)


def test_grey_is_the_truncated_root_of_clipped_counts() -> None:
    counts = np.array([-5.0, 0.0, 3.99, 4.0, 65024.0, 65025.0, 1e9])
    assert to_grey(counts).tolist() == [0, 0, 1, 2, 254, 255, 255]


def test_mosaic_domains_are_rotations_within_the_angle() -> None:
    rotations = domain_rotations(np.random.default_rng(3), 4000, 0.5)
    np.testing.assert_allclose(
        rotations @ rotations.transpose(0, 2, 1),
        np.broadcast_to(np.eye(3), (4000, 3, 3)),
        atol=1e-12,
    )
    assert np.array_equal(rotations[0], np.eye(3))
    assert 0.49 < np.degrees(largest_angle(rotations)) <= 0.5
    # The recipe's mean angle: the mean of (1 - r^2)^(1/3) over r in [0, 1] is 0.8413.
    angles = np.linalg.norm(rotations - np.eye(3), axis=(1, 2)) / np.sqrt(2)
    assert np.degrees(angles[1:].mean()) == pytest.approx(0.5 * 0.8413, rel=0.01)


def test_orientations_are_equally_likely_in_any_direction() -> None:
    rng = np.random.default_rng(5)
    axes = np.stack([rotation_from_quaternion(random_quaternion(rng))[:, 0] for _ in range(4000)])
    assert np.abs(axes.mean(0)).max() < 0.03
    np.testing.assert_allclose(axes.T @ axes / 4000, np.eye(3) / 3, atol=0.02)


def test_wilson_statistics() -> None:
    cell = Cell(117, 222, 308)
    model = WilsonModel(atoms=2e5, b_factor=70.0)
    squared = wilson_table(cell, model, 3.0, seed=1).squared
    s2 = inverse_d_squared(cell, 3.0)
    shell = (s2 > 1 / 4.0**2) & (s2 < 1 / 3.8**2)
    acentric = shell.copy()
    acentric[0], acentric[:, 0], acentric[:, :, 0] = False, False, False
    sigma = model.atoms * model.electrons_squared * np.exp(-model.b_factor * s2[acentric] / 2)
    sigma *= (1 - 0.8 * np.exp(-200 * s2[acentric] / 4)) ** 2
    normalized = squared[acentric] / sigma
    assert normalized.mean() == pytest.approx(1.0, rel=0.03)
    assert (normalized**2).mean() == pytest.approx(2.0, rel=0.08)  # exponential
    zone = squared[0][shell[0]]
    assert (zone**2).mean() / zone.mean() ** 2 == pytest.approx(3.0, rel=0.25)  # centric


def test_screw_axes_and_resolution_limit() -> None:
    squared = wilson_table(Cell(60, 70, 80), WilsonModel(1e4, 20.0), 3.0, seed=2).squared
    for line in (squared[:, 0, 0], squared[0, :, 0], squared[0, 0, :]):
        assert not line[1::2].any()
        assert not line[0]
        assert line[2:8:2].all()
    assert not squared[inverse_d_squared(Cell(60, 70, 80), 3.0) > 1 / 9].any()


def test_oblique_cells_have_no_octant_table() -> None:
    with pytest.raises(ValueError, match="orthogonal cells only"):
        wilson_table(Cell(60, 70, 80, 90, 95, 90), WilsonModel(1e4, 20.0), 3.0, seed=2)


def test_impossible_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="close no cell"):
        Cell(10, 10, 10, 30, 30, 90)
    with pytest.raises(ValueError, match="above zero"):
        Cell(10, 0, 10)
