"""Structure factors from reflection files: MTZ and mmCIF (``*-sf.cif``), through gemmi."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from diffranet.errors import DataError
from diffranet.simulator.crystal import Cell
from diffranet.simulator.factors.columns import choose_column, squared_of
from diffranet.simulator.factors.faults import one_line_refusal, require_gemmi
from diffranet.simulator.factors.listing import (
    expand_symmetry,
    table_from_list,
    within_resolution,
)
from diffranet.simulator.factors.table import StructureFactors

if TYPE_CHECKING:
    import gemmi


def read_mtz(
    path: Path, d_min: float | None = None, column: str | None = None
) -> tuple[StructureFactors, Cell]:
    """Read merged reflections and expand them by the file's space group and Friedel's law.

    Reflections without a value are zero. Observed columns are on the scale of the file, which
    need not be electrons.

    Args:
        path: An MTZ file, gzipped or not.
        d_min: Reflections of finer spacing (Angstrom) are left out.
        column: Label of the amplitudes or intensities; see ``columns.choose_column``.

    Raises:
        DataError: No such file, not an MTZ file, no space group, unmerged, no such column, or
            nothing above zero; one line.
    """
    require_gemmi(path)
    import gemmi

    with one_line_refusal(path):
        path.open("rb").close()  # says why not; gemmi's own message does not
    with one_line_refusal(path, "MTZ file"):
        mtz = gemmi.read_mtz_file(str(path))
    return _factors_of(path, mtz, d_min, column)


def read_reflection_cif(
    path: Path, d_min: float | None = None, column: str | None = None
) -> tuple[StructureFactors, Cell]:
    """Read the first list of merged reflections in an mmCIF file; as ``read_mtz``.

    Columns go by their usual MTZ labels: ``FC`` is ``F_calc``, ``FP`` is ``F_meas``, ``IMEAN``
    is ``intensity_meas``, ``F(+)`` is ``pdbx_F_plus``, and so on.
    """
    require_gemmi(path)
    import gemmi

    with one_line_refusal(path):
        path.open("rb").close()
    with one_line_refusal(path, "mmCIF file"):
        blocks = gemmi.as_refln_blocks(gemmi.cif.read(str(path)))
        merged = [block for block in blocks if block and block.is_merged()]
    if not merged:
        raise DataError(f"{path}: no merged reflections (_refln.*) in this mmCIF file")
    with one_line_refusal(path, "mmCIF file"):
        mtz = gemmi.CifToMtz().convert_block_to_mtz(merged[0])
    return _factors_of(path, mtz, d_min, column)


def _factors_of(
    path: Path, mtz: gemmi.Mtz, d_min: float | None, wanted: str | None
) -> tuple[StructureFactors, Cell]:
    if mtz.spacegroup is None:
        raise DataError(f"{path}: names no known space group; write one into the file")
    if len(mtz.batches):
        raise DataError(f"{path}: holds unmerged observations; merge them first")
    with one_line_refusal(path):
        column = choose_column(mtz, wanted)
        cell = Cell(*mtz.get_cell(column.dataset_id).parameters)
        squared, mates = squared_of(mtz, column)
        indices = mtz.make_miller_array()
        kept = np.isfinite(squared) & within_resolution(indices, cell, d_min)
        if not kept.any():
            limit = "" if d_min is None else f" within {d_min:g} Angstrom"
            raise DataError(f"{path}: column {column.label!r} has no reflection{limit}")
        rotations = [
            np.array(op.rot, dtype=np.int32) // op.DEN for op in mtz.spacegroup.operations().sym_ops
        ]
        expanded = expand_symmetry(indices[kept], squared[kept], rotations, mates[kept])
        return table_from_list(*expanded), cell
