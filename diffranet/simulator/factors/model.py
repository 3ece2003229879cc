"""Structure factors of an atomic model (PDB, mmCIF) with bulk solvent, through gemmi.

Electron density on a grid and its Fourier transform for the atoms, a flat mask for the solvent
that fills the gaps between the molecules: what phenix.fmodel does for the paper (Appendix A).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from diffranet.errors import DataError
from diffranet.simulator.crystal import Cell
from diffranet.simulator.factors.faults import one_line_refusal, require_gemmi
from diffranet.simulator.factors.listing import (
    Indices,
    expand_symmetry,
    table_from_list,
    within_resolution,
)
from diffranet.simulator.factors.reciprocal import inverse_d_squared, resolution_box
from diffranet.simulator.factors.table import StructureFactors

if TYPE_CHECKING:
    import gemmi

ComplexArray = npt.NDArray[np.complex128]
MASK_POINTS_PER_D_MIN = 3.0
"""Sampling of the solvent mask, as of the density."""
RIM = 1.0 - 1e-6
"""Lists are made a little wider than the limit, so that rounding drops nothing at its rim."""


@dataclass(frozen=True)
class BulkSolvent:
    """A flat solvent outside the molecules.

    The defaults are the means over the Protein Data Bank (Fokine and Urzhumtsev 2002), which
    phenix starts from too.

    Attributes:
        density: Mean electron density k_sol, electrons per cubic Angstrom.
        b_factor: Smearing of its boundary B_sol, Angstrom^2.
    """

    density: float = 0.35
    b_factor: float = 46.5


BULK_SOLVENT = BulkSolvent()


def read_model(
    path: Path, d_min: float, solvent: BulkSolvent | None = BULK_SOLVENT
) -> tuple[StructureFactors, Cell]:
    """Compute |F|^2 of the first model in a coordinate file, to a resolution limit.

    Args:
        path: PDB or mmCIF coordinates, gzipped or not, with a unit cell and a space group.
        d_min: Resolution limit, Angstrom.
        solvent: What fills the gaps; None for vacuum.

    Raises:
        DataError: The file cannot be read, or has no atoms, unit cell or space group; one line.
    """
    require_gemmi(path)
    import gemmi

    with one_line_refusal(path):
        path.open("rb").close()
    with one_line_refusal(path, "coordinate file"):
        structure = gemmi.read_structure(str(path))
    if not len(structure) or not structure[0].count_atom_sites():
        raise DataError(f"{path}: no atoms in this file")
    if not structure.cell.is_crystal():
        raise DataError(f"{path}: no unit cell (CRYST1 or _cell.*); only crystals diffract here")
    group = structure.find_spacegroup()
    if group is None:
        raise DataError(f"{path}: unknown space group {structure.spacegroup_hm!r}")
    with one_line_refusal(path):
        cell = Cell(*structure.cell.parameters)
        resolution_box(cell, d_min)
        if any(not copy.given for copy in structure.ncs):
            structure.expand_ncs(gemmi.HowToNameCopiedChain.Short)
        indices, amplitudes = _atoms(structure, d_min)
        if solvent is not None:
            masked = _solvent(structure, d_min, indices)
            smear = np.exp(-solvent.b_factor * inverse_d_squared(cell, *indices.T) / 4.0)
            amplitudes += solvent.density * smear * masked
        kept = within_resolution(indices, cell, d_min)
        rotations = [
            np.array(op.rot, dtype=np.int32) // op.DEN for op in group.operations().sym_ops
        ]
        return (
            table_from_list(
                *expand_symmetry(indices[kept], np.abs(amplitudes[kept]) ** 2, rotations)
            ),
            cell,
        )


def _atoms(structure: gemmi.Structure, d_min: float) -> tuple[Indices, ComplexArray]:
    """Unique reflections (n, 3) and the structure factors (n,) of the atoms."""
    import gemmi

    calculator = gemmi.DensityCalculatorX()
    calculator.d_min = d_min
    calculator.set_refmac_compatible_blur(structure[0])
    calculator.set_grid_cell_and_spacegroup(structure)
    calculator.put_model_density_on_grid(structure[0])
    transformed = gemmi.transform_map_to_f_phi(calculator.grid, half_l=True)
    listed = transformed.prepare_asu_data(dmin=d_min * RIM, unblur=calculator.blur)
    return listed.miller_array, listed.value_array.astype(np.complex128)


def _solvent(structure: gemmi.Structure, d_min: float, indices: Indices) -> ComplexArray:
    """Structure factors (n,) of a solvent of one electron per cubic Angstrom."""
    import gemmi

    grid = gemmi.FloatGrid()
    grid.setup_from(structure, spacing=d_min / MASK_POINTS_PER_D_MIN)
    gemmi.SolventMasker(gemmi.AtomicRadiiSet.Cctbx).put_mask_on_float_grid(grid, structure[0])
    transformed = gemmi.transform_map_to_f_phi(grid, half_l=True)
    return transformed.get_value_by_hkl(indices).astype(np.complex128)
