"""The crystal structure that is screened: a unit cell and its structure factors.

A structure that comes from a file is kept as a table inside the data set, so that no process reads
the file twice and any image can be rendered again without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from diffranet.errors import DataError
from diffranet.simulator.crystal import Cell
from diffranet.simulator.factors import (
    StructureFactors,
    WilsonModel,
    check_factors_file,
    load_factors,
    load_table,
    save_table,
    wilson_factors,
)
from diffranet.simulator.factors.files import COMPRESSED, TEXT
from diffranet.simulator.setup import CrystalSetup, as_cell

STRUCTURE_FILE = "structure_factors.npz"
"""Where a data set keeps the table of a structure that was read from a file."""
STRUCTURE_SEED = 4  # the crystal structure is one thing, whatever the seed of the data set
CELL_AGREEMENT = 0.01
"""Largest relative difference between a given cell and the file's."""


@dataclass(frozen=True)
class Structure:
    """A cell and its structure factors."""

    cell: Cell
    factors: StructureFactors


def read_structure(setup: CrystalSetup) -> Structure:
    """Read a structure from its file, or draw it by Wilson's statistics.

    Raises:
        DataError: The file is bad, has no cell where none is given, or contradicts the given one.
    """
    if setup.structure_factors is None:
        return drawn_structure(setup.cell, setup.resolution, setup.b_factor, setup.atoms)
    path, given = Path(setup.structure_factors), setup.known_cell
    factors, found = load_factors(path, setup.resolution, setup.column, given)
    if given is None and found is None:
        raise _no_cell(path)
    if given is None or found is None:
        cell = given or found
        assert cell is not None
        return Structure(Cell(*as_cell(_numbers(cell))), factors)
    if not np.allclose(_numbers(given), _numbers(found), rtol=CELL_AGREEMENT, atol=0.0):
        raise DataError(
            f"crystal.cell={_spelt(given)} contradicts {path}, whose cell is {_spelt(found)}; "
            "leave crystal.cell out"
        )
    return Structure(given, factors)


@lru_cache(maxsize=2)
def drawn_structure(
    cell: tuple[float, ...] | None, resolution: float, b_factor: float, atoms: float
) -> Structure:
    """An imagined structure; arguments as in ``CrystalSetup``."""
    known = CrystalSetup(cell=cell).known_cell
    assert known is not None
    model = WilsonModel(atoms=atoms, b_factor=b_factor)
    return Structure(known, wilson_factors(known, model, resolution, STRUCTURE_SEED))


def save_structure(folder: Path, structure: Structure) -> None:
    """Keep a structure's table in a data set's folder.

    Raises:
        DataError: The file cannot be written.
    """
    save_table(folder / STRUCTURE_FILE, structure.factors, structure.cell)


def load_structure(folder: Path) -> Structure:
    """The structure that ``save_structure`` kept.

    Raises:
        DataError: The table is missing or damaged.
    """
    factors, cell = load_table(folder / STRUCTURE_FILE)
    if cell is None:
        raise DataError(f"{folder / STRUCTURE_FILE} names no unit cell; make the set again")
    return Structure(cell, factors)


def check_source(setup: CrystalSetup) -> None:
    """Check what can be checked of a structure's source without reading it through.

    Raises:
        DataError: The file is missing, of an unknown kind or without the cell that it needs, or
            what reads it is not installed.
    """
    if setup.structure_factors is None:
        return
    path = Path(setup.structure_factors)
    check_factors_file(path)
    if setup.known_cell is None and path.name.lower().removesuffix(COMPRESSED).endswith(TEXT):
        raise _no_cell(path)


def _no_cell(path: Path) -> DataError:
    return DataError(f"{path} has no unit cell; give crystal.cell=[a,b,c,alpha,beta,gamma] with it")


def _numbers(cell: Cell) -> tuple[float, ...]:
    return cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma


def _spelt(cell: Cell) -> str:
    return "[" + ",".join(f"{value:g}" for value in _numbers(cell)) + "]"
