import numpy as np
import pytest

from diffranet.errors import DataError
from diffranet.simulator.crystal import Cell
from diffranet.simulator.factors import StructureFactors, load_table, save_table


def test_octant_is_mirrored_to_all_signs() -> None:
    octant = np.random.default_rng(0).uniform(size=(3, 4, 2))
    factors = StructureFactors.from_octant(octant)
    assert factors.squared.shape == (5, 7, 3)
    assert factors.origin == (-2, -3, -1)
    assert factors.squared.flags.c_contiguous
    h0, k0, l0 = factors.origin
    for h in range(-2, 3):
        for k in range(-3, 4):
            for l in range(-1, 2):  # noqa: E741
                expected = octant[abs(h), abs(k), abs(l)]
                assert factors.squared[h - h0, k - k0, l - l0] == expected
                assert factors.at(h, k, l) == expected


@pytest.mark.parametrize("index", [(4, 5, 6), (1, 5, 7), (2, 4, 7), (2, 5, 10), (-2, -5, -7)])
def test_outside_the_box_nothing_is_listed(index: tuple[int, int, int]) -> None:
    factors = StructureFactors(np.ones((2, 1, 3)), (2, 5, 7))
    assert factors.at(2, 5, 7) == factors.at(3, 5, 9) == 1.0
    assert factors.at(*index) == 0.0


def test_any_layout_and_number_type_is_taken() -> None:
    turned = np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(2, 0, 1)
    factors = StructureFactors(turned, (0, 0, 0))
    assert factors.squared.dtype == np.float64
    assert factors.squared.flags.c_contiguous
    assert factors.at(3, 1, 2) == turned[3, 1, 2]


@pytest.mark.parametrize(
    ("squared", "message"),
    [
        (np.ones((3, 3)), "table over h, k, l"),
        (np.ones((3, 0, 3)), "table over h, k, l"),
        (np.array([[[1.0, np.nan]]]), "finite"),
        (np.array([[[1.0, np.inf]]]), "finite"),
        (np.array([[[1.0, -1.0]]]), "negative"),
        (np.zeros((2, 2, 2)), "above zero"),
    ],
)
def test_impossible_tables_are_refused(squared: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StructureFactors(squared, (0, 0, 0))


def test_octant_must_have_three_axes() -> None:
    with pytest.raises(ValueError, match=r"\|h\|, \|k\|, \|l\|"):
        StructureFactors.from_octant(np.ones((3, 3)))


@pytest.mark.parametrize("cell", [None, Cell(10, 20, 30, 80, 90, 100)])
def test_stored_tables_come_back(tmp_path, cell) -> None:
    factors = StructureFactors(np.random.default_rng(1).uniform(size=(3, 4, 5)), (-1, 7, 0))
    save_table(tmp_path / "table.npz", factors, cell)
    found, found_cell = load_table(tmp_path / "table.npz")
    assert np.array_equal(found.squared, factors.squared)
    assert found.origin == factors.origin
    assert found_cell == cell
    assert [path.name for path in tmp_path.iterdir()] == ["table.npz"]


def test_table_that_cannot_be_stored_or_read_is_one_line(tmp_path) -> None:
    factors = StructureFactors(np.ones((1, 1, 1)), (1, 1, 1))
    missing = tmp_path / "none" / "table.npz"
    for act in (lambda: save_table(missing, factors), lambda: load_table(missing)):
        with pytest.raises(DataError, match="no such file") as refusal:
            act()
        assert "\n" not in str(refusal.value)
    stored = tmp_path / "table.npz"
    save_table(stored, factors)
    stored.write_bytes(stored.read_bytes()[:200])
    with pytest.raises(DataError, match=r"table\.npz: not a readable table"):
        load_table(stored)
    np.savez(stored, other=np.ones(3))
    with pytest.raises(DataError, match=r"table\.npz: not a readable table"):
        load_table(stored)
    stored.write_text("1 2 3 4")
    with pytest.raises(DataError, match=r"table\.npz: not a readable table"):
        load_table(stored)
