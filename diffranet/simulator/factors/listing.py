"""From a list of reflections to a table: placing, symmetry mates, Friedel mates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from diffranet.simulator.crystal import Cell
from diffranet.simulator.factors.reciprocal import (
    LARGEST_TABLE,
    check_resolution,
    inverse_d_squared,
)
from diffranet.simulator.factors.table import StructureFactors
from diffranet.simulator.geometry import FloatArray

Indices = npt.NDArray[np.int32]


def table_from_list(indices: Indices, squared: FloatArray) -> StructureFactors:
    """Place |F|^2 of listed reflections in the smallest box that holds them.

    Of a reflection that is listed more than once the last entry counts, as in nanoBragg. The
    reflection (0, 0, 0) is left out: it runs within the incident beam.

    Args:
        indices: Miller indices, (n, 3).
        squared: |F|^2 in electrons^2, (n,).

    Raises:
        ValueError: There is no reflection above zero, a value is no possible |F|^2, or the
            indices span a box too large for memory.
    """
    if not len(indices):
        raise ValueError("no reflection is listed")
    lowest, highest = indices.min(axis=0).astype(int), indices.max(axis=0).astype(int)
    shape = tuple((highest - lowest + 1).tolist())
    if np.prod([float(n) for n in shape]) > LARGEST_TABLE:
        spans = ", ".join(f"{low} to {high}" for low, high in zip(lowest, highest, strict=True))
        raise ValueError(f"Miller indices from {spans} need a table too large for memory")
    table = np.zeros(shape)
    table.reshape(-1)[np.ravel_multi_index(tuple((indices - lowest).T), shape)] = squared
    if (lowest <= 0).all() and (highest >= 0).all():
        table[tuple(-lowest)] = 0.0
    h, k, l = lowest.tolist()  # noqa: E741
    return StructureFactors(table, (h, k, l))


def within_resolution(indices: Indices, cell: Cell, d_min: float | None) -> npt.NDArray[np.bool_]:
    """Which reflections (n, 3) have d >= d_min, as a mask (n,); all without a limit.

    Raises:
        ValueError: The limit is not a number above zero.
    """
    if d_min is None:
        return np.ones(len(indices), dtype=np.bool_)
    check_resolution(d_min)
    wide = indices.astype(np.int64)
    # A limit equal to the spacing of a reflection keeps it, whatever the last digits say.
    return inverse_d_squared(cell, *wide.T) <= (1.0 + 1e-9) / d_min**2


def expand_symmetry(
    indices: Indices,
    squared: FloatArray,
    rotations: Sequence[npt.NDArray[np.int32]],
    mates: FloatArray | None = None,
) -> tuple[Indices, FloatArray]:
    """All symmetry and Friedel mates of unique reflections: h R for each rotation, and -h R.

    Args:
        indices: Miller indices of unique reflections, (n, 3).
        squared: Their |F|^2, (n,).
        rotations: Rotation parts of the space group's operators on fractional coordinates,
            each (3, 3).
        mates: |F|^2 of the Friedel mates where anomalous scattering makes them differ, (n,);
            as ``squared`` if left out.

    Returns:
        Indices (m, 3) and |F|^2 (m,) in P1. A reflection that maps onto itself or onto its
        mate appears repeatedly; what was listed comes last, and so prevails in a table.
    """
    mates = squared if mates is None else mates
    images: list[Indices] = []
    values: list[FloatArray] = []
    for rotation in rotations:
        image = (indices @ rotation).astype(np.int32)
        images += [-image, image]
        values += [mates, squared]
    return np.concatenate([*images, indices]), np.concatenate([*values, squared])
