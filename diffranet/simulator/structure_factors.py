"""Structure factor amplitudes: tables by Miller index, and Wilson-distributed stand-ins.

The paper computes F(h) from PDB entry 4RVY with phenix.fmodel (Appendix A). What matters to an
image classifier is their statistics, which Wilson's distribution gives without the entry: the
fall-off with resolution, the weak solvent-masked low angles, centric zones and absences.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from diffranet.simulator.crystal import Cell
from diffranet.simulator.geometry import FloatArray


@dataclass(frozen=True)
class StructureFactors:
    """Squared amplitudes of a crystal with at least mmm Laue symmetry.

    Attributes:
        squared: |F|^2 in electrons^2 at (|h|, |k|, |l|), (nh, nk, nl). Zero outside the
            resolution limit, for absent reflections and at the origin.
    """

    squared: FloatArray

    def __post_init__(self) -> None:
        if self.squared.ndim != 3:
            raise ValueError("structure factors need a table over |h|, |k|, |l|")


@dataclass(frozen=True)
class WilsonModel:
    """What Wilson statistics need to know of a crystal.

    Attributes:
        atoms: Atoms in the unit cell.
        b_factor: Overall displacement parameter, Angstrom^2.
        electrons_squared: Mean f^2 of an atom, electrons^2.
        solvent_scale: Babinet scale of the bulk solvent.
        solvent_b: Its fall-off, Angstrom^2.
    """

    atoms: float
    b_factor: float
    electrons_squared: float = 45.0
    solvent_scale: float = 0.8
    solvent_b: float = 200.0


def inverse_d_squared(cell: Cell, d_min: float) -> FloatArray:
    """1/d^2 of every (|h|, |k|, |l|) within the resolution limit's box, (nh, nk, nl).

    Defined for orthogonal cells, where the sign of an index does not matter.

    Raises:
        ValueError: The cell has an angle other than 90 degrees.
    """
    if (cell.alpha, cell.beta, cell.gamma) != (90.0, 90.0, 90.0):
        raise ValueError("an octant of Miller indices describes orthogonal cells only")
    axes = [np.arange(int(edge / d_min) + 1) / edge for edge in (cell.a, cell.b, cell.c)]
    h, k, l = np.meshgrid(*axes, indexing="ij", sparse=True)  # noqa: E741
    return np.asarray(h**2 + k**2 + l**2)


def wilson_table(cell: Cell, model: WilsonModel, d_min: float, seed: int) -> StructureFactors:
    """Draw the amplitudes of an imagined crystal in P212121.

    Acentric reflections have exponential intensities, those of the three centric zones the
    square of a normal; axial reflections are twice as strong on average, and absent where the
    index is odd (screw axes).

    Args:
        cell: An orthogonal unit cell.
        model: Scattering power and fall-off.
        d_min: Resolution limit, Angstrom.
        seed: The same seed gives the same crystal.
    """
    s_squared = inverse_d_squared(cell, d_min)
    rng = np.random.default_rng(seed)
    normalized = rng.exponential(size=s_squared.shape)
    centric = rng.standard_normal(s_squared.shape) ** 2
    for axis in range(3):
        zone = [slice(None)] * 3
        zone[axis] = slice(0, 1)
        normalized[tuple(zone)] = centric[tuple(zone)]
    for first, second in combinations(range(3), 2):
        line: list[slice] = [slice(None)] * 3
        line[first] = line[second] = slice(0, 1)
        row = normalized[tuple(line)].reshape(-1)
        row *= 2.0
        row[1::2] = 0.0
        normalized[tuple(line)] = row.reshape(normalized[tuple(line)].shape)
    envelope = np.exp(-model.b_factor * s_squared / 4.0)
    envelope *= 1.0 - model.solvent_scale * np.exp(-model.solvent_b * s_squared / 4.0)
    squared = model.atoms * model.electrons_squared * normalized * envelope**2
    squared[s_squared > 1.0 / d_min**2] = 0.0
    squared[0, 0, 0] = 0.0
    return StructureFactors(squared)
