"""Wilson-distributed structure factors: the statistics of a crystal without its atoms.

The paper computes F(h) from PDB entry 4RVY with phenix.fmodel (Appendix A). What matters to an
image classifier is their statistics, which Wilson's distribution gives without the entry: the
fall-off with resolution, the weak solvent-masked low angles, centric zones and absences.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from diffranet.simulator.crystal import Cell
from diffranet.simulator.factors.reciprocal import (
    MillerBox,
    inverse_d_squared,
    is_orthogonal,
    resolution_box,
)
from diffranet.simulator.factors.table import StructureFactors
from diffranet.simulator.geometry import FloatArray


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

    def envelope(self, s_squared: FloatArray) -> FloatArray:
        """Fall-off of the amplitudes by disorder and solvent at 1/d^2 in Angstrom^-2."""
        falloff = np.exp(-self.b_factor * s_squared / 4.0)
        falloff *= 1.0 - self.solvent_scale * np.exp(-self.solvent_b * s_squared / 4.0)
        return np.asarray(falloff)


def wilson_factors(cell: Cell, model: WilsonModel, d_min: float, seed: int) -> StructureFactors:
    """Draw the amplitudes of an imagined crystal.

    An orthogonal cell gets the symmetry P212121, which most protein crystals with such a cell
    have; an oblique one P1, where all reflections are acentric, none is absent, and only
    Friedel mates are equal.

    Args:
        cell: Any unit cell.
        model: Scattering power and fall-off.
        d_min: Resolution limit, Angstrom; finer spacings have no reflection.
        seed: The same seed gives the same crystal.

    Raises:
        ValueError: d_min is not above zero, or no reflection lies within it.
    """
    box = resolution_box(cell, d_min)
    rng = np.random.default_rng(seed)
    if is_orthogonal(cell):
        octant = _normalized_p212121(box, rng)
        h, k, l = np.ogrid[tuple(slice(0, n) for n in octant.shape)]  # noqa: E741
        return StructureFactors.from_octant(
            _scaled(octant, inverse_d_squared(cell, h, k, l), model, d_min)
        )
    s_squared = inverse_d_squared(cell, *box.indices())
    return StructureFactors(_scaled(_normalized_p1(box, rng), s_squared, model, d_min), box.origin)


def _scaled(
    normalized: FloatArray, s_squared: FloatArray, model: WilsonModel, d_min: float
) -> FloatArray:
    sigma = model.atoms * model.electrons_squared
    squared = sigma * normalized * model.envelope(s_squared) ** 2
    squared[(s_squared > 1.0 / d_min**2) | (s_squared == 0.0)] = 0.0
    return squared


def _normalized_p1(box: MillerBox, rng: np.random.Generator) -> FloatArray:
    """|E|^2 in P1 over a box: exponential, the same for h and -h."""
    half = int(np.prod(box.shape)) // 2
    drawn = rng.exponential(size=half)
    # Friedel mates mirror each other in the middle of the flattened box, where h = 0 lies.
    return np.concatenate([drawn[::-1], [0.0], drawn]).reshape(box.shape)


def _normalized_p212121(box: MillerBox, rng: np.random.Generator) -> FloatArray:
    """|E|^2 in P212121 at (|h|, |k|, |l|).

    Acentric reflections have exponential intensities, those of the three centric zones the
    square of a normal; axial reflections are twice as strong on average, and absent where the
    index is odd (screw axes).
    """
    shape = (box.h + 1, box.k + 1, box.l + 1)
    normalized = rng.exponential(size=shape)
    centric = rng.standard_normal(shape) ** 2
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
    return normalized
