"""The continuous engine against many random domains, and its tables against draws."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffranet.simulator.beam import Beam, draw_domain_wavelengths
from diffranet.simulator.bragg import bragg_photons
from diffranet.simulator.crystal import (
    Cell,
    Crystal,
    random_quaternion,
    rotation_from_quaternion,
)
from diffranet.simulator.engines.mosaic_limit import line_table, share_in_disc, tilt_density
from diffranet.simulator.engines.spectrum import CUT, spectrum_tables
from diffranet.simulator.factors import StructureFactors, WilsonModel, wilson_factors
from diffranet.simulator.geometry import Detector
from diffranet.simulator.mosaic import domain_rotations

PSII = Cell(117.0, 222.0, 308.0)
LYSOZYME = Cell(79.2, 79.2, 38.0)
MONOCLINIC = Cell(60, 70, 80, 90, 105, 90)
SMALL = Cell(25, 30, 35, 80, 95, 110)
CASES = {
    "paper, middle": (PSII, (9, 5, 4), 0.5, Detector(72, 72, 0.172, 80, 0, 0, 2)),
    "paper, corner": (PSII, (9, 5, 4), 0.5, Detector(40, 40, 0.172, 80, -20, -30, 2)),
    "paper, beam inside": (PSII, (9, 5, 4), 0.5, Detector(64, 64, 0.344, 80, 9, 11, 2)),
    "long spots": (LYSOZYME, (30, 10, 5), 0.5, Detector(160, 160, 0.172, 80, 10, 5, 2)),
    "flat spots": (LYSOZYME, (10, 10, 10), 0.5, Detector(256, 256, 0.172, 80, 10, 5, 2)),
    "hardly any mosaic": (LYSOZYME, (13, 13, 26), 0.05, Detector(256, 256, 0.172, 80, 10, 5, 2)),
    "monoclinic": (MONOCLINIC, (12, 10, 9), 0.3, Detector(256, 256, 0.172, 80, 20, 20, 2)),
    "spots wider than tilts": (SMALL, (2, 2, 2), 1.0, Detector(64, 64, 1.0, 40, 32, 32, 2)),
}


@pytest.mark.parametrize("name", CASES)
def test_is_the_mean_of_many_domains(make_crystal: Callable[..., Crystal], name: str) -> None:
    cell, cells, mosaic, detector = CASES[name]
    factors = wilson_factors(cell, WilsonModel(1e4, 20.0), 2.2, 1)
    crystal = make_crystal(cell, cells, domains=8000, mosaic_deg=mosaic, seed=1)
    beam = Beam(1.5, 1e21, 0.4)
    many = bragg_photons(crystal, factors, detector, beam, "float32")
    found = bragg_photons(crystal, factors, detector, beam, "continuous")
    assert (many > 0).sum() > 10
    # Half of the domains differ from the other half as the whole does from the limit, doubled.
    halves = [
        bragg_photons(
            Crystal(crystal.real_rows, part, cells, mosaic), factors, detector, beam, "float32"
        )
        for part in np.split(crystal.domain_rotations, 2)
    ]
    noise = np.abs(halves[0] - halves[1]).sum() / many.sum() / 2.0
    assert np.abs(found - many).sum() / many.sum() < 1.1 * noise + 0.025
    assert found.sum() == pytest.approx(many.sum(), rel=0.01)
    assert np.corrcoef(found.ravel(), many.ravel())[0, 1] > 0.998


@pytest.mark.parametrize("bandwidth", [0.0005, 0.005])
def test_spectrum_is_the_mean_of_many_wavelengths(
    make_crystal: Callable[..., Crystal], bandwidth: float
) -> None:
    cell, cells, mosaic, detector = CASES["paper, middle"]
    factors = wilson_factors(cell, WilsonModel(1e4, 20.0), 2.2, 1)
    crystal = make_crystal(cell, cells, domains=8000, mosaic_deg=mosaic, seed=1)
    waves = draw_domain_wavelengths(np.random.default_rng(2), 8000, 1.5, bandwidth)
    many = bragg_photons(
        crystal, factors, detector, Beam(1.5, 1e21, 0.0, bandwidth, waves), "float32"
    )
    beam = Beam(1.5, 1e21, 0.0, bandwidth)
    found = bragg_photons(crystal, factors, detector, beam, "continuous")
    assert found.sum() == pytest.approx(many.sum(), rel=0.01)
    assert np.corrcoef(found.ravel(), many.ravel())[0, 1] > 0.998
    sharp = bragg_photons(crystal, factors, detector, Beam(1.5, 1e21), "continuous")
    assert np.abs(found - many).sum() < 0.8 * np.abs(sharp - many).sum()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    edges=st.tuples(*[st.floats(8.0, 120.0)] * 3),
    angles=st.tuples(*[st.floats(75.0, 105.0)] * 3),
    cells=st.tuples(*[st.integers(2, 12)] * 3),
    mosaic=st.floats(0.002, 5.0),
    # Nearer, a pixel is more than 2.4 degrees wide, and its two subpixels a side say little.
    distance=st.floats(40.0, 200.0),
    beam=st.tuples(st.floats(-20.0, 60.0), st.floats(-20.0, 60.0)),
)
def test_no_spot_is_missed(
    seed: int,
    edges: tuple[float, float, float],
    angles: tuple[float, float, float],
    cells: tuple[int, int, int],
    mosaic: float,
    distance: float,
    beam: tuple[float, float],
) -> None:
    """What any drawn domain lights, the distribution lights, near the beam and far from it."""
    rng = np.random.default_rng(seed)
    cell = Cell(*edges, *angles)
    orientation = rotation_from_quaternion(random_quaternion(rng))
    crystal = Crystal(
        cell.real_rows() @ orientation.T, domain_rotations(rng, 40, mosaic), cells, mosaic
    )
    octant = rng.uniform(1.0, 2.0, size=tuple(int(e / 2.0) + 1 for e in edges))
    octant[0, 0, 0] = 0.0
    factors = StructureFactors.from_octant(octant)
    detector = Detector(24, 20, 1.7, distance, *beam, 2)
    exact = bragg_photons(crystal, factors, detector, Beam(1.5, 1.0, 0.5), "float64")
    found = bragg_photons(crystal, factors, detector, Beam(1.5, 1.0, 0.5), "continuous")
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    missed = (exact > 0) & (found == 0)
    # Only what the very rim of a spot touches may be lost to the tables.
    assert exact[missed].sum() <= 0.02 * exact.sum() + 1e-3 * exact.max()


def test_without_mosaic_it_is_the_single_domain(make_crystal: Callable[..., Crystal]) -> None:
    crystal = make_crystal(PSII, (9, 5, 4), seed=4)
    factors = wilson_factors(PSII, WilsonModel(1e4, 20.0), 2.5, 1)
    detector = Detector(128, 128, 0.172, 80.0, 0.0, 0.0, 2)
    one = bragg_photons(crystal, factors, detector, Beam(1.5, 1e21), "float64")
    found = bragg_photons(crystal, factors, detector, Beam(1.5, 1e21), "continuous")
    assert one.max() > 0
    np.testing.assert_array_equal(found, one)
    hardly = Crystal(crystal.real_rows, crystal.domain_rotations, crystal.cells, 0.002)
    near = bragg_photons(hardly, factors, detector, Beam(1.5, 1e21), "continuous")
    assert np.corrcoef(near.ravel(), one.ravel())[0, 1] > 0.99
    assert near.sum() == pytest.approx(one.sum(), rel=0.03)


def test_without_mosaic_a_spectrum_still_spreads(make_crystal: Callable[..., Crystal]) -> None:
    crystal = make_crystal(PSII, (9, 5, 4), seed=4)
    factors = wilson_factors(PSII, WilsonModel(1e4, 20.0), 2.5, 1)
    detector = Detector(128, 128, 0.172, 80.0, 0.0, 0.0, 2)
    sharp = bragg_photons(crystal, factors, detector, Beam(1.5, 1e21), "continuous")
    broad = bragg_photons(crystal, factors, detector, Beam(1.5, 1e21, 0.0, 0.005), "continuous")
    assert (broad > 0).sum() > 2 * (sharp > 0).sum()


def drawn_tilts(n: int, mosaic_deg: float) -> np.ndarray:
    g = np.array([0.0, 0.6, 0.8])
    moved = domain_rotations(np.random.default_rng(0), n, mosaic_deg)[1:] @ g
    chord = np.linalg.norm(moved - g, axis=1)
    return chord / (2.0 * math.sin(math.radians(mosaic_deg) / 2.0))


@pytest.mark.parametrize("mosaic_deg", [0.5, 10.0])
def test_density_is_that_of_the_drawn_domains(mosaic_deg: float) -> None:
    tilts = drawn_tilts(200_000, mosaic_deg)
    edges = np.linspace(0.0, 1.0, 21)
    counts, _ = np.histogram(tilts, edges)
    middle = (edges[1:] + edges[:-1]) / 2.0
    expected = tilt_density(middle) * np.pi * np.diff(edges**2) * len(tilts)
    assert counts.sum() == len(tilts)
    assert ((counts - expected) ** 2 / expected).sum() < 50.0  # chi^2 of 20 bins, 0.02 % level


@pytest.mark.parametrize(
    ("distance", "radius"), [(0.0, 0.3), (0.5, 0.2), (0.95, 0.3), (1.2, 0.4), (0.8, 1.5), (3, 2.5)]
)
def test_shares_are_those_of_the_drawn_domains(distance: float, radius: float) -> None:
    tilts = drawn_tilts(200_000, 0.5)
    azimuth = np.random.default_rng(1).uniform(0.0, 2.0 * np.pi, len(tilts))
    x, y = tilts * np.cos(azimuth) - distance, tilts * np.sin(azimuth)
    drawn = (x**2 + y**2 < radius**2).mean()
    assert drawn > 0.01
    assert share_in_disc(distance, radius) == pytest.approx(drawn, abs=0.004)


def test_lines_add_up_to_all_domains() -> None:
    table = line_table()
    p = np.linspace(0.0, 1.0, len(table))
    chords = 2.0 * np.sqrt(1.0 - p**2) * table[:, -1]
    assert 2.0 * np.trapezoid(chords, p) == pytest.approx(1.0, abs=2e-3)


def test_spectrum_table_is_the_mean_over_the_spectrum() -> None:
    areas, sizes = spectrum_tables()
    rng = np.random.default_rng(0)
    for row, column in ((8, 0), (16, 20), (24, 32)):
        share = row / (areas.shape[0] - 1)
        sigma = share / (1.0 - share)
        centre = column / (areas.shape[1] - 1) * (1.0 + CUT * sigma)
        section = np.maximum(1.0 - (centre + sigma * rng.standard_normal(400_000)) ** 2, 0.0)
        assert areas[row, column] == pytest.approx(section.mean(), rel=0.02)
        typical = (section**2).mean() / section.mean()
        assert sizes[row, column] == pytest.approx(typical, rel=0.02)
