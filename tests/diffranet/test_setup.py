import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffranet.errors import DataError
from diffranet.simulator.crystal import Cell
from diffranet.simulator.geometry import sin_theta_over_lambda
from diffranet.simulator.parameters import (
    ENGINE_NAMES,
    SimulationParameters,
    differences,
    from_dict,
    from_options,
)
from diffranet.simulator.reach import longest_spacing, recorded_range
from diffranet.simulator.setup import BeamSetup, CrystalSetup, DetectorSetup
from diffranet.simulator.shots import Shot
from diffranet.simulator.structure import check_source, read_structure
from diffranet.simulator.synthetic import (
    SyntheticRenderer,
    block_cells,
    blocks_in_crystal,
    imaged_area,
    oversampling,
)

PSII = Cell(117.0, 222.0, 308.0)


def test_the_defaults_are_the_papers_appendix() -> None:
    parameters = SimulationParameters(image_size=512, extent=512, mosaic_domains=300)
    beam, detector = parameters.beam, parameters.detector
    assert (beam.wavelength, beam.wavelength_spread, beam.photons) == (1.5, 0.005, 1e12)
    assert beam.photons_per_m2 == pytest.approx(1e12 / (30e-6) ** 2)
    area = imaged_area(detector, 512, 512)
    assert (area.pixel_mm, area.distance_mm, area.oversample) == (0.172, 80.0, 2)
    assert area.beam_slow_mm == area.beam_fast_mm == 256 * 0.172
    assert block_cells(PSII) == (9, 5, 4)
    assert blocks_in_crystal(parameters.crystal, beam, PSII) == pytest.approx(2.7e7)
    assert parameters.crystal.known_cell == PSII
    assert parameters.engine == "float32"
    assert set(ENGINE_NAMES) == {"float64", "float32", "continuous"}


def test_the_same_crystal_whatever_block_stands_for_it() -> None:
    beam = BeamSetup()
    whole = blocks_in_crystal(CrystalSetup(), beam, PSII) * math.prod(block_cells(PSII))
    doubled = CrystalSetup(cells=(18, 10, 8))
    assert blocks_in_crystal(doubled, beam, PSII) * 18 * 10 * 8 == pytest.approx(whole)
    # A crystal of twice the width sticks out of the beam on the sides, but not along it.
    assert blocks_in_crystal(CrystalSetup(width_um=60), beam, PSII) == pytest.approx(2 * 2.7e7)


def test_subpixels_stay_as_narrow_as_the_papers_at_any_distance() -> None:
    assert oversampling(0.172) == 2
    assert oversampling(0.688) == 4
    assert oversampling(0.344, distance_mm=40.0) == 4
    assert oversampling(0.344, distance_mm=160.0) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam": {"wavelength": 0}}, "beam.wavelength must be above 0 and at most 100, got 0"),
        ({"beam": {"wavelength": math.nan}}, "beam.wavelength must be a number, got nan"),
        ({"beam": {"wavelength": "long"}}, "beam.wavelength must be a number, got 'long'"),
        ({"beam": {"kahn": 2}}, "beam.kahn must be at least -1 and at most 1, got 2"),
        (
            {"beam": {"wavelenght": 2}},
            "beam: unknown option 'wavelenght'; did you mean 'wavelength'",
        ),
        ({"beam": 3}, "beam must be a group"),
        ({"detector": {"distance_mm": -80}}, "detector.distance_mm must be above 0"),
        ({"detector": {"pixel_mm": math.inf}}, "detector.pixel_mm must be a number, got inf"),
        ({"detector": {"beam_offset_mm": 3}}, "beam_offset_mm must be a list of 2 numbers"),
        ({"crystal": {"cell": [1, 2]}}, "crystal.cell must be a list of 3 or 6 numbers"),
        ({"crystal": {"cell": [79, 0, 38]}}, "crystal.cell edges must be above 0"),
        ({"crystal": {"cell": [79, 79, 38, 90, 90, 180]}}, "crystal.cell: the angles .* close no"),
        ({"crystal": {"cell": [79, 79, 38, 20, 20, 90]}}, "crystal.cell: the angles .* close no"),
        ({"crystal": {"cell": [79, 79, 38, 30, 60, 90]}}, "crystal.cell: the angles .* close no"),
        ({"crystal": {"cells": [9, 5, 0]}}, "crystal.cells must be 1 to 10000, got 0"),
        ({"crystal": {"cells": [9, 5, 1.5]}}, "crystal.cells must be a whole number, got 1.5"),
        ({"crystal": {"mosaic_deg": 21}}, "crystal.mosaic_deg must be at least 0 and at most 20"),
        ({"crystal": {"mosaic_deg": -1}}, "crystal.mosaic_deg must be at least 0"),
        ({"crystal": {"column": "F"}}, "crystal.column is given without crystal.structure_factors"),
        ({"crystal": {"structure_factors": 3}}, "crystal.structure_factors must be a name or null"),
        ({"background": {"water_um": -1}}, "background.water_um must be at least 0"),
        (
            {"counts": {"synthetic": {"train": 10**9}}},
            "synthetic train count must be 5 to 10000000",
        ),
    ],
)
def test_what_cannot_be_is_refused(options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message) as refused:
        from_options(options)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"detector": {"distance_mm": 50_000}}, "put no Bragg spot on .* longest is 180.1"),
        (
            {"crystal": {"cell": [3, 3, 3], "resolution": 1}, "beam": {"wavelength": 10}},
            "beam.wavelength=10 .* the crystal's longest is 2.121;",
        ),
        ({"detector": {"beam_offset_mm": [0, 300]}}, "beam_offset_mm it records spacings below"),
        (
            {"crystal": {"cell": [5, 6, 7], "resolution": 8}},
            "crystal.resolution=8 .* no reflection",
        ),
        ({"crystal": {"resolution": 0.5}}, "crystal.resolution=0.5 .* reflections of this cell"),
    ],
)
def test_an_experiment_that_records_no_spot_is_refused(options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        from_options(options)


@given(
    slow=st.floats(-80, 80),
    fast=st.floats(-80, 80),
    wavelength=st.floats(0.5, 3),
    distance=st.floats(20, 300),
)
def test_recorded_range_holds_every_pixel(
    slow: float, fast: float, wavelength: float, distance: float
) -> None:
    setup = DetectorSetup(distance_mm=distance, beam_offset_mm=(slow, fast))
    low, high = recorded_range(setup, wavelength, 256)
    s = 2.0 * sin_theta_over_lambda(imaged_area(setup, 40, 256), 0.5, wavelength)
    assert low <= s.min()
    assert s.max() <= high
    # Pixels of 1.1 mm: the range is no wider than they explain.
    assert s.min() - low < 2.0 * 1.1 / distance / wavelength
    assert high - s.max() < 2.0 * 1.1 / distance / wavelength


def test_longest_spacing_of_an_oblique_cell_is_found_beyond_its_axes() -> None:
    assert longest_spacing(PSII) == 308.0
    # Without 001, which the screw axis along c puts out, it is 011.
    d_011 = 1.0 / math.hypot(1.0 / 222.0, 1.0 / 308.0)
    assert longest_spacing(PSII, screw_axes=True) == pytest.approx(d_011)
    # Monoclinic: d(100) = a sin(beta).
    monoclinic = Cell(100.0, 20.0, 20.0, 90.0, 120.0, 90.0)
    assert longest_spacing(monoclinic) == pytest.approx(100.0 * math.sin(math.radians(120.0)))


def test_a_record_makes_the_same_parameters_again() -> None:
    parameters = from_options(
        {
            "image_size": 97,
            "beam": {"wavelength": 1.3, "bandwidth": 0.002},
            "detector": {"beam_offset_mm": [3, -4]},
            "crystal": {"cell": [79.2, 79.2, 38], "cells": [13, 13, 26], "resolution": 2},
        }
    )
    assert parameters.crystal.cell == (79.2, 79.2, 38.0, 90.0, 90.0, 90.0)
    assert from_dict(parameters.record) == parameters == from_dict(parameters.to_dict())
    assert parameters.digest == from_dict(parameters.record).digest
    assert hash(parameters) == hash(from_dict(parameters.record))


def test_every_parameter_is_part_of_the_digest() -> None:
    parameters = SimulationParameters()
    others = [
        replace(parameters, seed=1),
        replace(parameters, engine="float64"),
        replace(parameters, beam=BeamSetup(kahn=0.1)),
        replace(parameters, detector=DetectorSetup(offset=11)),
        replace(parameters, crystal=CrystalSetup(atoms=1e5)),
    ]
    assert len({p.digest for p in (parameters, *others)}) == len(others) + 1
    found = differences(parameters.record, others[2].record)
    assert found == ["beam.kahn 0.0, not 0.1"]


def write_list(path: Path, amplitude: float = 50.0) -> Path:
    rows = [(h, k, 3, amplitude + h) for h in range(-6, 7) for k in range(-6, 7)]
    path.write_text("".join(f"{h} {k} {m} {f}\n" for h, k, m, f in rows))
    return path


def test_a_file_counts_by_its_content(tmp_path: Path) -> None:
    def made(name: str, amplitude: float) -> SimulationParameters:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        path = write_list(tmp_path / name, amplitude)
        crystal = CrystalSetup(cell=(79, 79, 38), structure_factors=str(path))
        return SimulationParameters(crystal=crystal)

    here = made("a.hkl", 50.0)
    assert here.digest == made("elsewhere/b.hkl", 50.0).digest
    assert here.digest != made("c.hkl", 60.0).digest
    assert str(tmp_path) not in str(here.record)


def test_a_list_needs_a_cell(tmp_path: Path) -> None:
    path = str(write_list(tmp_path / "list.hkl"))
    for refuses in (read_structure, check_source):
        with pytest.raises(DataError, match=r"list\.hkl has no unit cell; give crystal\.cell="):
            refuses(CrystalSetup(structure_factors=path))
    check_source(CrystalSetup(structure_factors=path, cell=(79, 79, 38)))
    structure = read_structure(CrystalSetup(structure_factors=path, cell=(79, 79, 38)))
    assert structure.factors.at(2, -3, 3) == 52.0**2
    assert structure.cell == Cell(79.0, 79.0, 38.0)


def test_a_given_cell_must_be_the_files(tmp_path: Path) -> None:
    gemmi = pytest.importorskip("gemmi")
    structure = gemmi.Structure()
    structure.cell = gemmi.UnitCell(30, 35, 40, 90, 100, 90)
    structure.spacegroup_hm = "P 1 21 1"
    model, chain, residue = gemmi.Model(1), gemmi.Chain("A"), gemmi.Residue()
    residue.name, residue.seqid = "GLY", gemmi.SeqId("1")
    for n in range(20):
        atom = gemmi.Atom()
        atom.name, atom.element = "C", gemmi.Element("C")
        atom.pos = gemmi.Position(n, 3 * n % 17, 5 * n % 23)
        atom.b_iso = 20
        residue.add_atom(atom)
    chain.add_residue(residue)
    model.add_chain(chain)
    structure.add_model(model)
    path = tmp_path / "model.pdb"
    structure.write_pdb(str(path))

    def read(cell: tuple[float, ...] | None) -> Cell:
        setup = CrystalSetup(structure_factors=str(path), cell=cell, resolution=4)
        return read_structure(setup).cell

    assert read(None) == Cell(30, 35, 40, 90, 100, 90)
    assert read((30.1, 35, 40, 90, 100, 90)).a == 30.1
    with pytest.raises(DataError, match=r"crystal\.cell=\[31,.*\] contradicts .*model\.pdb"):
        read((31, 35, 40, 90, 100, 90))


STRONG = Shot(4, 1.0, 1.5, 1.0, (1.0, 0.0, 0.0, 0.0))


def expected(**setup: object) -> np.ndarray:
    parameters = SimulationParameters(image_size=64, mosaic_domains=5, engine="float64", **setup)
    return SyntheticRenderer(parameters).expected_photons(STRONG, "train", 0)


def test_setup_reaches_the_image() -> None:
    plain = expected()
    # All light comes from the pulse: twice the photons, twice the expectation.
    np.testing.assert_allclose(expected(beam=BeamSetup(photons=2e12)), 2 * plain)
    moved = expected(detector=DetectorSetup(beam_offset_mm=(0.688 * 4, 0)))
    np.testing.assert_allclose(moved[4:], plain[:-4], rtol=1e-6)
    blurred = expected(beam=BeamSetup(bandwidth=0.01))
    assert not np.allclose(blurred, plain)
    assert blurred.sum() == pytest.approx(plain.sum(), rel=0.2)
    bigger = expected(crystal=CrystalSetup(width_um=60))
    dark = expected(crystal=CrystalSetup(atoms=1e-3))
    np.testing.assert_allclose(bigger - dark, 2 * (plain - dark), rtol=1e-4, atol=1e-6)


def test_the_paper_tree_is_the_default_setup() -> None:
    composition = pytest.importorskip("diffranet.composition")
    values = composition.plain(composition.compose_config(["out=x", "scale=paper"]))
    paper = from_options(values["data"]["options"])
    assert paper == SimulationParameters(
        image_size=512,
        extent=512,
        mosaic_domains=300,
        train=10_000,
        validation=2_400,
        test=12_600,
        real_validation=366,
        real_test=91,
    )


def test_messages_name_one_key_each() -> None:
    with pytest.raises(DataError) as refused:
        BeamSetup(photons=-1.0)
    assert re.fullmatch(r"beam\.photons must be .*, got -1", str(refused.value))
