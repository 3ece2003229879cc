"""Faults of the real-like domain: where their light falls and how much it is."""

import numpy as np
import pytest

from diffranet.simulator.artefacts import ICE_SPACINGS_A, Artefacts
from diffranet.simulator.geometry import Detector, sin_theta_over_lambda

DETECTOR = Detector(120, 90, 2.0, 100.0, 260.0, 95.0)
WAVELENGTH = 1.304


@pytest.fixture
def faults() -> Artefacts:
    return Artefacts(DETECTOR, WAVELENGTH)


def dark() -> np.ndarray:
    return np.zeros(DETECTOR.shape)


def test_parasitic_scatter_falls_with_the_square_of_q(faults: Artefacts) -> None:
    image = dark()
    faults.add_parasitic(image, 3.0)
    assert image.mean() == pytest.approx(3.0, rel=1e-6)
    stol = sin_theta_over_lambda(DETECTOR, 0.5, WAVELENGTH)
    np.testing.assert_allclose(image * stol**2 / (image * stol**2).mean(), 1.0, rtol=1e-5)


def test_ice_rings_are_where_ice_is(faults: Artefacts) -> None:
    image = dark()
    faults.add_ice_rings(image, 7.0)
    spacing = 0.5 / sin_theta_over_lambda(DETECTOR, 0.5, WAVELENGTH)
    assert image.max() == pytest.approx(7.0, rel=0.02)
    assert spacing.flat[image.argmax()] == pytest.approx(ICE_SPACINGS_A[0], rel=0.01)
    far = np.min([np.abs(spacing / d - 1) for d in ICE_SPACINGS_A], axis=0) > 0.06
    assert image[far].max() < 1e-6


def test_the_jet_streak_is_a_line_through_the_beam(faults: Artefacts) -> None:
    image = dark()
    faults.add_jet_streak(image, 0.0, 5.0)
    y, z = DETECTOR.offsets(0.5)
    lit = image > 1e-3
    assert lit.any(axis=1).all()
    assert np.abs(np.broadcast_to(z, image.shape)[lit]).max() < 10.0
    middle = np.abs(z[0]).argmin()
    assert (np.diff(image[:, middle]) > 0).all()  # brighter towards the beam, below the frame
    width = DETECTOR.pixel_mm
    exact = 5.0 * np.exp(-0.5 * (z / width) ** 2) / (1.0 + (y / 40.0) ** 2)
    np.testing.assert_allclose(image, exact, rtol=1e-9, atol=1e-15)
    turned = dark()
    faults.add_jet_streak(turned, 10.0, 5.0)
    on_line = turned.argmax(axis=1)[:40]
    slope = np.polyfit(y[:40, 0], z[0][on_line], 1)[0]
    assert slope == pytest.approx(np.tan(np.radians(10.0)), abs=0.02)


def test_tape_covers_a_half_plane(faults: Artefacts) -> None:
    image = np.full(DETECTOR.shape, 2.0)
    faults.cover_with_tape(image, 90.0, 0.0, 0.7)
    assert (image[:, 45:] == 1.4).all()
    assert (image[:, :45] == 2.0).all()
    image = np.full(DETECTOR.shape, 2.0)
    faults.cover_with_tape(image, 0.0, 0.25, 0.5)
    assert (image == 1.0).mean() == pytest.approx(0.25)


def test_faults_add_to_what_is_there_and_repeat(faults: Artefacts) -> None:
    first, second = dark(), np.full(DETECTOR.shape, 1.5)
    for image in (first, second):
        faults.add_parasitic(image, 1.0)
        faults.add_ice_rings(image, 1.0)
        faults.add_jet_streak(image, -40.0, 1.0)
    np.testing.assert_allclose(second, first + 1.5, rtol=1e-12)


def test_faults_of_a_single_row() -> None:
    faults = Artefacts(Detector(1, 31, 1.0, 50.0, 0.5, 15.5), WAVELENGTH)
    image = np.ones((1, 31))
    faults.add_parasitic(image, 1.0)
    faults.add_ice_rings(image, 1.0)
    faults.add_jet_streak(image, 10.0, 1.0)
    faults.cover_with_tape(image, 10.0, 0.0, 0.5)
    assert np.isfinite(image).all()
