from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffranet.simulator.crystal import Cell
from diffranet.simulator.factors import (
    StructureFactors,
    WilsonModel,
    inverse_d_squared,
    resolution_box,
    wilson_factors,
)

TRICLINIC = Cell(50, 60, 70, 80, 95, 110)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    edges=st.tuples(*[st.floats(5.0, 200.0)] * 3),
    angles=st.tuples(*[st.floats(70.0, 110.0)] * 3),
    seed=st.integers(0, 1000),
)
def test_resolution_of_any_cell_is_gemmis(edges, angles, seed) -> None:
    gemmi = pytest.importorskip("gemmi")
    indices = np.random.default_rng(seed).integers(-30, 31, size=(50, 3))
    expected = gemmi.UnitCell(*edges, *angles).calculate_1_d2_array(indices.astype(np.int32))
    found = inverse_d_squared(Cell(*edges, *angles), *indices.T)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("cell", [Cell(50, 60, 70), TRICLINIC, Cell(40, 40, 90, 90, 90, 120)])
def test_box_holds_every_reflection_within_the_limit(cell: Cell) -> None:
    d_min = 6.0
    box = resolution_box(cell, d_min)
    wide = np.indices((61, 61, 61)).reshape(3, -1) - 30
    inside = wide[:, inverse_d_squared(cell, *wide) <= 1 / d_min**2]
    slack = np.array([box.h, box.k, box.l]) - np.abs(inside).max(axis=1)
    assert set(slack) <= {0, 1}
    h, k, l = np.broadcast_arrays(*box.indices())  # noqa: E741
    assert h.shape == box.shape
    assert (h[0, 0, 0], k[0, 0, 0], l[0, 0, 0]) == box.origin


@pytest.mark.parametrize("d_min", [0.0, -2.0, float("nan"), float("inf")])
def test_impossible_resolution_limits_are_refused(d_min: float) -> None:
    with pytest.raises(ValueError, match="resolution limit must be above zero"):
        resolution_box(TRICLINIC, d_min)


def test_resolution_beyond_memory_is_refused_before_it_is_tried() -> None:
    with pytest.raises(ValueError, match="needs more reflections than memory holds"):
        wilson_factors(TRICLINIC, WilsonModel(1e4, 20.0), 0.01, seed=1)


def test_limit_beyond_the_longest_spacing_leaves_nothing() -> None:
    with pytest.raises(ValueError, match="above zero"):
        wilson_factors(TRICLINIC, WilsonModel(1e4, 20.0), 100.0, seed=1)


def octant_of(factors: StructureFactors) -> np.ndarray:
    return factors.squared[tuple(slice(-first, None) for first in factors.origin)]


def test_statistics_of_an_orthogonal_cell() -> None:
    cell = Cell(117, 222, 308)
    model = WilsonModel(atoms=2e5, b_factor=70.0)
    squared = octant_of(wilson_factors(cell, model, 3.0, seed=1))
    s2 = inverse_d_squared(cell, *np.ogrid[tuple(slice(0, n) for n in squared.shape)])
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


def test_orthogonal_cells_have_the_symmetry_of_p212121() -> None:
    cell = Cell(60, 70, 80)
    factors = wilson_factors(cell, WilsonModel(1e4, 20.0), 3.0, seed=2)
    squared = octant_of(factors)
    assert np.array_equal(StructureFactors.from_octant(squared).squared, factors.squared)
    for line in (squared[:, 0, 0], squared[0, :, 0], squared[0, 0, :]):
        assert not line[1::2].any()
        assert not line[0]
        assert line[2:8:2].all()
    s2 = inverse_d_squared(cell, *resolution_box(cell, 3.0).indices())
    assert not factors.squared[s2 > 1 / 9].any()


def test_orthogonal_draws_stay_what_they_were() -> None:
    # A data set's images depend on these numbers; drawn with version 1 of the simulator.
    factors = wilson_factors(Cell(40, 50, 60), WilsonModel(1e4, 25.0), 4.0, seed=4)
    assert factors.squared.sum() == pytest.approx(1377272314.399025, rel=1e-12)
    assert (
        factors.at(1, -2, 3) == factors.at(-1, 2, 3) == pytest.approx(68722.34264958234, rel=1e-12)
    )


def test_statistics_of_an_oblique_cell() -> None:
    model = WilsonModel(atoms=1e4, b_factor=20.0)
    factors = wilson_factors(TRICLINIC, model, 2.0, seed=3)
    box = resolution_box(TRICLINIC, 2.0)
    assert factors.origin == box.origin
    s2 = inverse_d_squared(TRICLINIC, *box.indices())
    listed = (s2 > 0) & (s2 <= 1 / 4)
    assert np.array_equal(factors.squared > 0, listed)  # nothing absent, nothing beyond
    assert np.array_equal(factors.squared, factors.squared[::-1, ::-1, ::-1])  # Friedel
    sigma = model.atoms * model.electrons_squared * np.exp(-model.b_factor * s2 / 2)
    sigma *= (1 - 0.8 * np.exp(-200 * s2 / 4)) ** 2
    normalized = (factors.squared / np.where(listed, sigma, 1.0))[listed]
    assert normalized.mean() == pytest.approx(1.0, rel=0.02)
    assert (normalized**2).mean() == pytest.approx(2.0, rel=0.05)
    for axis in range(3):
        flipped = np.flip(factors.squared, axis)[listed & np.flip(listed, axis)]
        here = factors.squared[listed & np.flip(listed, axis)]
        assert (flipped != here).mean() > 0.9  # no more symmetry than Friedel's


def test_same_seed_same_crystal() -> None:
    model = WilsonModel(1e3, 20.0)
    for cell in (Cell(20, 30, 40), TRICLINIC):
        one, two, other = (wilson_factors(cell, model, 4.0, seed) for seed in (1, 1, 2))
        assert np.array_equal(one.squared, two.squared)
        assert not np.array_equal(one.squared, other.squared)


def test_order_of_axes_is_h_k_l() -> None:
    shapes = {
        wilson_factors(Cell(*edges), WilsonModel(1e3, 20.0), 5.0, 1).squared.shape
        for edges in permutations((20.0, 30.0, 40.0))
    }
    assert shapes == set(permutations((9, 13, 17)))
