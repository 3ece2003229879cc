"""The benchmark's baseline computes what the engines compute, so that the times compare."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.pixel_loop import pixel_loop
from diffranet.simulator.agreement import agreement
from diffranet.simulator.beam import Beam
from diffranet.simulator.bragg import bragg_photons
from diffranet.simulator.crystal import Cell, Crystal, random_quaternion, rotation_from_quaternion
from diffranet.simulator.factors import WilsonModel, wilson_factors
from diffranet.simulator.geometry import Detector
from diffranet.simulator.mosaic import domain_rotations


@pytest.mark.parametrize(
    "cell", [Cell(40.0, 52.0, 61.0), Cell(31.0, 42.0, 53.0, 82.0, 97.0, 105.0)]
)
def test_pixel_loop_equals_the_exact_engine(cell: Cell) -> None:
    rng = np.random.default_rng(7)
    orientation = rotation_from_quaternion(random_quaternion(rng))
    rotations = domain_rotations(rng, 5, 1.0)
    crystal = Crystal(cell.real_rows() @ orientation.T, rotations, (5, 4, 3), 1.0)
    factors = wilson_factors(cell, WilsonModel(atoms=1e4, b_factor=20.0), 2.0, seed=1)
    detector = Detector(48, 40, 0.8, 60.0, 15.0, 31.0, oversample=2)
    beam = Beam(1.2, 1e20, kahn=0.7)
    found = pixel_loop(crystal, factors, detector, beam)
    expected = bragg_photons(crystal, factors, detector, beam, "float64")
    assert np.count_nonzero(expected) > 100
    figures = agreement(found, expected)
    assert figures["max_abs_over_max"] == pytest.approx(0.0, abs=1e-12)
    assert figures["l1"] == pytest.approx(0.0, abs=1e-9)


def test_pixel_loop_refuses_what_it_cannot_do() -> None:
    crystal = Crystal(Cell(40.0, 52.0, 61.0).real_rows(), np.eye(3)[None], (5, 4, 3))
    factors = wilson_factors(Cell(40.0, 52.0, 61.0), WilsonModel(1e4, 20.0), 8.0, seed=1)
    beam = Beam(1.2, 1e20, domain_wavelengths=np.array([1.2]))
    with pytest.raises(ValueError, match="one wavelength"):
        pixel_loop(crystal, factors, Detector(2, 2, 1.0, 60.0, 1.0, 1.0), beam)
