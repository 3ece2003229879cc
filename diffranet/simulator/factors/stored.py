"""A table kept on disk, so that each process need not read or compute it from its source."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np

from diffranet.simulator.crystal import Cell
from diffranet.simulator.factors.faults import one_line_refusal
from diffranet.simulator.factors.table import StructureFactors


def save_table(path: str | Path, factors: StructureFactors, cell: Cell | None = None) -> None:
    """Write a table, and the cell it is for, where ``load_table`` finds them.

    The file appears whole or not at all, also when several processes write it.

    Args:
        path: File to write; ``.npz`` by custom.
        factors: The table.
        cell: What the source said of the unit cell.

    Raises:
        DataError: The file cannot be written.
    """
    path = Path(path)
    edges = [] if cell is None else [cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma]
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with one_line_refusal(path):
        try:
            with partial.open("wb") as file:
                np.savez(file, squared=factors.squared, origin=factors.origin, cell=edges)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def load_table(path: str | Path) -> tuple[StructureFactors, Cell | None]:
    """Read what ``save_table`` wrote.

    Raises:
        DataError: The file is missing or not such a table.
    """
    path = Path(path)
    with one_line_refusal(path, "table of structure factors"):
        try:
            with np.load(path, allow_pickle=False) as stored:
                h, k, l = stored["origin"].tolist()  # noqa: E741
                edges = stored["cell"].tolist()
                factors = StructureFactors(stored["squared"], (h, k, l))
        except (zipfile.BadZipFile, EOFError, TypeError) as error:
            raise ValueError(str(error)) from error
        return factors, Cell(*edges) if edges else None
