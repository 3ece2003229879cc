import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffranet.simulator.beam import Beam
from diffranet.simulator.bragg import ENGINES, bragg_photons
from diffranet.simulator.crystal import (
    Cell,
    Crystal,
    random_quaternion,
    rotation_from_quaternion,
)
from diffranet.simulator.engines.reflections import TOPHAT_RADIUS
from diffranet.simulator.factors import StructureFactors, inverse_d_squared, resolution_box
from diffranet.simulator.geometry import (
    CLASSICAL_ELECTRON_RADIUS_SQUARED,
    Detector,
    polarization,
    solid_angle,
)
from diffranet.simulator.mosaic import domain_rotations
from diffranet.simulator.parameters import ENGINE_NAMES

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("engine", ["float64", "float32"])
@pytest.mark.parametrize("case", ["case1_psii_single", "case2_psii_12dom"])
def test_agrees_with_nanobragg(case: str, engine: str) -> None:
    with np.load(DATA / f"{case}.npz") as stored:
        expected = stored["image"].astype(np.float64)
        meta = json.loads(str(stored["meta"]))
        rotations = stored["umats"] if meta["domains"] > 1 else np.eye(3)[None]
        crystal = Crystal(stored["real_cell_rows"], rotations, tuple(meta["N"]))
    detector = Detector(
        meta["n"],
        meta["n"],
        meta["pix"],
        meta["dist"],
        meta["beam_slow_m"] * 1e3,
        meta["beam_fast_m"] * 1e3,
        meta["os"],
    )
    found = bragg_photons(
        crystal,
        recipe_factors(Cell(*meta["cell"]), meta["dmin"]),
        detector,
        Beam(meta["lam"], meta["flu"], meta["polar"]),
        engine,
    )
    if engine == "float64":
        assert np.abs(found - expected).max() / expected.max() < 1e-6
        assert np.array_equal(found > 0, expected > 0)
    assert np.abs(found - expected).sum() < 1e-5 * expected.sum()
    assert found.sum() == pytest.approx(expected.sum(), rel=1e-5)


def recipe_factors(cell: Cell, d_min: float) -> StructureFactors:
    box = resolution_box(cell, d_min)
    h, k, l = (np.abs(index) for index in box.indices())  # noqa: E741
    s_squared = inverse_d_squared(cell, *box.indices())
    mixed = ((h * 73856093) ^ (k * 19349663) ^ (l * 83492791)) & 65535
    amplitude = 100.0 + 900.0 * mixed / 65536.0
    amplitude[(s_squared <= 0) | (s_squared >= 1 / d_min**2)] = 0.0
    return StructureFactors(amplitude**2, box.origin)


def brute_force(
    crystal: Crystal, squared: np.ndarray, detector: Detector, wavelength: float, kahn: float
) -> np.ndarray:
    """Every subpixel asks every domain for its nearest reflection, as nanoBragg does."""
    os = detector.oversample
    fine = Detector(
        detector.n_slow * os,
        detector.n_fast * os,
        detector.pixel_mm / os,
        detector.distance_mm,
        detector.beam_slow_mm,
        detector.beam_fast_mm,
    )
    y, z = np.broadcast_arrays(*fine.offsets(0.5))
    position = np.stack([np.full_like(y, detector.distance_mm), y, z], -1)
    direction = position / np.linalg.norm(position, axis=-1, keepdims=True)
    s = (direction - [1.0, 0.0, 0.0]) / wavelength
    total = np.zeros(y.shape)
    for rotation in crystal.domain_rotations:
        h = s @ (crystal.real_rows @ rotation.T).T
        nearest = np.ceil(h - 0.5)
        lit = (((h - nearest) * crystal.cells) ** 2).sum(-1) < TOPHAT_RADIUS**2
        index = np.abs(nearest).astype(int)
        known = (index < squared.shape).all(-1)
        index[~known] = 0
        total += np.where(lit & known, squared[tuple(np.moveaxis(index, -1, 0))], 0.0)
    summed = total.reshape(detector.n_slow, os, detector.n_fast, os).sum((1, 3))
    scale = CLASSICAL_ELECTRON_RADIUS_SQUARED * float(np.prod(crystal.cells)) ** 2
    scale /= len(crystal.domain_rotations) * os**2
    at = 0.5 / os
    return scale * summed * solid_angle(detector, at) * polarization(detector, at, kahn)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    edges=st.tuples(*[st.floats(8.0, 120.0)] * 3),
    angles=st.tuples(*[st.floats(75.0, 105.0)] * 3),
    cells=st.tuples(*[st.integers(1, 8)] * 3),
    mosaic=st.floats(0.0, 3.0),
    distance=st.floats(5.0, 200.0),
    beam=st.tuples(st.floats(-20.0, 60.0), st.floats(-20.0, 60.0)),
    oversample=st.integers(1, 3),
)
def test_finds_every_spot(
    seed: int,
    edges: tuple[float, float, float],
    angles: tuple[float, float, float],
    cells: tuple[int, int, int],
    mosaic: float,
    distance: float,
    beam: tuple[float, float],
    oversample: int,
) -> None:
    """Small cells, low and high angles, spots wider than the detector: nothing is missed."""
    rng = np.random.default_rng(seed)
    cell = Cell(*edges, *angles)
    orientation = rotation_from_quaternion(random_quaternion(rng))
    crystal = Crystal(cell.real_rows() @ orientation.T, domain_rotations(rng, 2, mosaic), cells)
    squared = rng.uniform(1.0, 2.0, size=tuple(int(e / 2.0) + 1 for e in edges))
    squared[0, 0, 0] = 0.0
    detector = Detector(24, 20, 1.7, distance, *beam, oversample)
    factors = StructureFactors.from_octant(squared)
    expected = brute_force(crystal, squared, detector, 1.5, 0.5)
    for engine in ("float64", "float32"):
        found = bragg_photons(crystal, factors, detector, Beam(1.5, 1.0, 0.5), engine)
        # A subpixel on the very edge of a top hat may fall either way.
        odd = np.abs(found - expected) > 1e-9 * max(expected.max(), 1e-300)
        assert odd.sum() <= 1
        assert expected.max() == 0 or found.max() > 0


def test_doubling_the_fluence_doubles_the_photons() -> None:
    cell = Cell(40, 50, 60)
    crystal = Crystal(cell.real_rows(), np.eye(3)[None], (4, 4, 4))
    detector = Detector(64, 64, 1.0, 50.0, 32.0, 32.0, 2)
    factors = recipe_factors(cell, 2.0)
    one, two = (bragg_photons(crystal, factors, detector, Beam(1.5, f)) for f in (1e20, 2e20))
    assert one.sum() > 0
    np.testing.assert_allclose(two, 2 * one, rtol=1e-12)


def test_unknown_engine_is_refused() -> None:
    cell = Cell(40, 50, 60)
    crystal = Crystal(cell.real_rows(), np.eye(3)[None], (4, 4, 4))
    with pytest.raises(ValueError, match="unknown engine 'float33'; choose one of float64"):
        bragg_photons(
            crystal,
            recipe_factors(cell, 4.0),
            Detector(8, 8, 1.0, 50.0, 4.0, 4.0),
            Beam(1.5, 1.0),
            engine="float33",
        )


def test_promised_engines_exist() -> None:
    assert tuple(ENGINES) == ENGINE_NAMES
