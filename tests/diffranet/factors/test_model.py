import gzip
from pathlib import Path

import numpy as np
import pytest

from diffranet.errors import DataError
from diffranet.simulator.crystal import Cell
from diffranet.simulator.factors import BulkSolvent, inverse_d_squared, load_factors, read_model

gemmi = pytest.importorskip("gemmi")

D_MIN = 3.0
CRYSTALS = {
    "P 21 21 21": (38, 44, 52, 90, 90, 90),
    "P 1 21 1": (38, 44, 52, 90, 106, 90),
    "P 1": (28, 32, 36, 82, 96, 105),
    "P 61": (40, 40, 60, 90, 90, 120),
}


def protein_like(group: str, atoms: int = 250, seed: int = 0) -> gemmi.Structure:
    """A compact blob of carbon, nitrogen and oxygen that fills part of an asymmetric unit."""
    rng = np.random.default_rng(seed)
    structure = gemmi.Structure()
    structure.cell = gemmi.UnitCell(*CRYSTALS[group])
    structure.spacegroup_hm = group
    chain = gemmi.Chain("A")
    centre = structure.cell.orthogonalize(gemmi.Fractional(0.22, 0.27, 0.11))
    for number in range(atoms):
        atom = gemmi.Atom()
        atom.name, element = [("CA", "C"), ("N", "N"), ("O", "O")][number % 3]
        atom.element = gemmi.Element(element)
        x, y, z = rng.normal(0.0, 5.0, 3).tolist()
        atom.pos = gemmi.Position(centre.x + x, centre.y + y, centre.z + z)
        atom.b_iso = float(rng.uniform(15.0, 40.0))
        residue = gemmi.Residue()
        residue.name, residue.seqid = "ALA", gemmi.SeqId(str(number + 1))
        residue.add_atom(atom)
        chain.add_residue(residue)
    model = gemmi.Model(1)
    model.add_chain(chain)
    structure.add_model(model)
    structure.setup_cell_images()
    return structure


def write_pdb(path: Path, structure: gemmi.Structure) -> Path:
    structure.write_pdb(str(path))
    return path


@pytest.mark.parametrize("group", CRYSTALS)
def test_agrees_with_direct_summation(tmp_path, group: str) -> None:
    path = write_pdb(tmp_path / "model.pdb", protein_like(group))
    factors, cell = read_model(path, D_MIN, solvent=None)
    assert (cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma) == CRYSTALS[group]
    written = gemmi.read_structure(str(path))
    summed = gemmi.StructureFactorCalculatorX(written.cell)
    rng = np.random.default_rng(1)
    chosen = rng.integers(-9, 10, size=(400, 3))
    chosen = chosen[(inverse_d_squared(cell, *chosen.T) <= 1 / D_MIN**2) & chosen.any(axis=1)]
    expected = np.array(
        [abs(summed.calculate_sf_from_model(written[0], index)) for index in chosen.tolist()]
    )
    found = np.sqrt([factors.at(*index) for index in chosen.tolist()])
    assert len(chosen) > 50
    np.testing.assert_allclose(found, expected, rtol=0.01, atol=0.005 * expected.mean())


def test_nothing_beyond_the_limit_and_nothing_missing_within(tmp_path) -> None:
    path = write_pdb(tmp_path / "model.pdb", protein_like("P 1"))
    factors, cell = read_model(path, D_MIN)
    place = np.argwhere(factors.squared > 0) + np.array(factors.origin)
    s2 = inverse_d_squared(cell, *place.T)
    assert s2.max() <= (1 + 1e-6) / D_MIN**2
    wide = np.indices((41, 41, 41)).reshape(3, -1) - 20
    inside = inverse_d_squared(cell, *wide) <= 1 / D_MIN**2
    assert len(place) == inside.sum() - 1  # all but the incident beam
    assert factors.at(0, 0, 0) == 0.0
    assert np.array_equal(factors.squared, factors.squared[::-1, ::-1, ::-1])


def test_solvent_weakens_low_angles_most(tmp_path) -> None:
    path = write_pdb(tmp_path / "model.pdb", protein_like("P 21 21 21"))
    bare, cell = read_model(path, D_MIN, solvent=None)
    filled, _ = read_model(path, D_MIN)
    assert bare.origin == filled.origin
    first = zip(bare.origin, bare.squared.shape, strict=True)
    s2 = inverse_d_squared(cell, *np.ogrid[tuple(slice(o, o + n) for o, n in first)])
    low = (s2 > 0) & (s2 < 1 / 15.0**2)
    high = (s2 > 1 / 3.3**2) & (s2 < 1 / 3.0**2)
    assert filled.squared[low].mean() < 0.6 * bare.squared[low].mean()
    assert filled.squared[high].mean() == pytest.approx(bare.squared[high].mean(), rel=0.1)


def test_solvent_is_the_smeared_transform_of_the_mask(tmp_path) -> None:
    path = write_pdb(tmp_path / "model.pdb", protein_like("P 1"))
    factors, cell = read_model(path, D_MIN, BulkSolvent(density=0.5, b_factor=60.0))
    written = gemmi.read_structure(str(path))
    grid = gemmi.FloatGrid()
    grid.setup_from(written, spacing=D_MIN / 3)
    masker = gemmi.SolventMasker(gemmi.AtomicRadiiSet.Cctbx)
    masker.put_mask_on_float_grid(grid, written[0])
    mask = np.array(grid.array)
    assert 0.2 < mask.mean() < 0.9
    summed = gemmi.StructureFactorCalculatorX(written.cell)
    x, y, z = (np.arange(n) / n for n in mask.shape)
    for h, k, l in [(0, 0, 1), (1, -1, 0), (2, 1, -2), (-3, 2, 4)]:  # noqa: E741
        waves = [np.exp(2j * np.pi * m * axis) for m, axis in ((h, x), (k, y), (l, z))]
        wave = np.einsum("xyz,x,y,z->", mask, *waves) * written.cell.volume / mask.size
        s2 = float(inverse_d_squared(cell, h, k, l))
        atoms = summed.calculate_sf_from_model(written[0], [h, k, l])
        expected = abs(atoms + 0.5 * np.exp(-60.0 * s2 / 4) * wave) ** 2
        assert factors.at(h, k, l) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("name", ["m.pdb", "m.ent", "m.cif", "m.mmcif", "m.pdb.gz", "m.cif.gz"])
def test_every_coordinate_format_gives_the_same(tmp_path, name: str) -> None:
    structure = protein_like("P 1 21 1", atoms=60)
    expected, _ = read_model(write_pdb(tmp_path / "reference.pdb", structure), 4.0)
    if "cif" in name:
        text = structure.make_mmcif_document().as_string()
    else:
        text = structure.make_pdb_string()
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    factors, cell = load_factors(path, d_min=4.0)
    assert cell == Cell(38, 44, 52, 90, 106, 90)
    # The two formats round coordinates differently.
    loose = 2e-3 * expected.squared.max()
    np.testing.assert_allclose(factors.squared, expected.squared, rtol=0.02, atol=loose)


def test_copies_by_noncrystallographic_symmetry_count(tmp_path) -> None:
    structure = protein_like("P 1", atoms=30)
    path = write_pdb(tmp_path / "one.pdb", structure)
    one, _ = read_model(path, 4.0, solvent=None)
    moved = 14.0
    matrix = [
        f"MTRIX1   2  1.000000  0.000000  0.000000{moved:15.5f}",
        "MTRIX2   2  0.000000  1.000000  0.000000        0.00000",
        "MTRIX3   2  0.000000  0.000000  1.000000        0.00000",
    ]
    lines = path.read_text().splitlines()
    first_atom = next(i for i, line in enumerate(lines) if line.startswith("ATOM"))
    two_path = tmp_path / "two.pdb"
    two_path.write_text("\n".join([*lines[:first_atom], *matrix, *lines[first_atom:], ""]))
    two, _ = read_model(two_path, 4.0, solvent=None)
    # A copy shifted along a = x of 28 A: |1 + exp(i pi h)|^2 = 4 or 0.
    assert two.at(2, 1, 1) == pytest.approx(4 * one.at(2, 1, 1), rel=0.05)
    assert two.at(1, 1, 1) < 0.01 * one.at(1, 1, 1)


def test_files_that_are_no_models_are_one_line(tmp_path) -> None:
    structure = protein_like("P 1", atoms=5)
    whole = structure.make_pdb_string()
    cases = {
        "empty.pdb": ("REMARK nothing\n", "no atoms"),
        "nocell.pdb": (
            "\n".join(line for line in whole.splitlines() if not line.startswith("CRYST1")),
            "no unit cell",
        ),
        "group.pdb": (whole.replace("P 1  ", "Q 99 "), "unknown space group"),
        "model.cif": ("data_x\n_cell.length_a 10\n", "no atoms"),
        "garbage.cif": ("\x00\x01", "not a readable mmCIF file"),
    }
    for name, (text, message) in cases.items():
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(DataError, match=message) as refusal:
            load_factors(path, d_min=4.0)
        assert str(refusal.value).startswith(f"{path}: ")
        assert "\n" not in str(refusal.value)
    whole_path = write_pdb(tmp_path / "whole.pdb", structure)
    with pytest.raises(DataError, match="needs a resolution limit"):
        load_factors(whole_path)
    with pytest.raises(DataError, match="resolution limit must be above zero"):
        load_factors(whole_path, d_min=-1.0)
    with pytest.raises(DataError, match=r"above zero|no reflection"):
        load_factors(whole_path, d_min=500.0)
    with pytest.raises(DataError, match=r"'FC'.*leave the column out"):
        load_factors(whole_path, d_min=3.0, column="FC")
    with pytest.raises(DataError, match="no such file"):
        read_model(tmp_path / "none.pdb", 3.0)
