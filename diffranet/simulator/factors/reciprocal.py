"""Boxes of Miller indices and the resolution of reflections, for any unit cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diffranet.simulator.crystal import Cell
from diffranet.simulator.geometry import FloatArray

IndexArray = npt.NDArray[np.int64]

LARGEST_TABLE = 2**27
"""Entries of the largest table over Miller indices that is made (1 GiB)."""


@dataclass(frozen=True)
class MillerBox:
    """All (h, k, l) with |h|, |k|, |l| up to given limits.

    Attributes:
        h: Largest |h|.
        k: Largest |k|.
        l: Largest |l|.
    """

    h: int
    k: int
    l: int  # noqa: E741

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of indices along each axis; odd."""
        return 2 * self.h + 1, 2 * self.k + 1, 2 * self.l + 1

    @property
    def origin(self) -> tuple[int, int, int]:
        """Miller index of the box's first corner."""
        return -self.h, -self.k, -self.l

    def indices(self) -> tuple[IndexArray, IndexArray, IndexArray]:
        """The indices h, k, l as arrays that broadcast to ``shape``."""
        h, k, l = np.ogrid[  # noqa: E741
            -self.h : self.h + 1, -self.k : self.k + 1, -self.l : self.l + 1
        ]
        return h, k, l


def resolution_box(cell: Cell, d_min: float) -> MillerBox:
    """The smallest box that holds every reflection with d >= d_min.

    A reflection s has h = s . a, and so |h| <= |a|/d_min whatever the cell's angles.

    Raises:
        ValueError: d_min is not a number above zero, or so small that the box is too large for
            memory.
    """
    check_resolution(d_min)
    edges = (cell.a / d_min, cell.b / d_min, cell.c / d_min)
    if np.prod([2.0 * edge + 1.0 for edge in edges]) > LARGEST_TABLE:
        raise ValueError(
            f"a resolution limit of {d_min:g} Angstrom needs more reflections than memory holds "
            "for this cell; choose a larger one"
        )
    h, k, l = (int(edge) for edge in edges)  # noqa: E741
    return MillerBox(h, k, l)


def check_resolution(d_min: float) -> None:
    """Refuse a resolution limit (Angstrom) that is none.

    Raises:
        ValueError: It is not a number above zero.
    """
    if not (np.isfinite(d_min) and d_min > 0):
        raise ValueError(f"the resolution limit must be above zero Angstrom, got {d_min}")


def is_orthogonal(cell: Cell) -> bool:
    """Whether all angles of a cell are 90 degrees."""
    return (cell.alpha, cell.beta, cell.gamma) == (90.0, 90.0, 90.0)


def inverse_d_squared(
    cell: Cell,
    h: npt.ArrayLike,
    k: npt.ArrayLike,
    l: npt.ArrayLike,  # noqa: E741
) -> FloatArray:
    """1/d^2 = |h a* + k b* + l c*|^2 of reflections, Angstrom^-2.

    Args:
        cell: Any unit cell.
        h: First Miller indices.
        k: Second Miller indices.
        l: Third Miller indices; the three broadcast against each other.
    """
    h, k, l = np.asarray(h), np.asarray(k), np.asarray(l)  # noqa: E741
    if is_orthogonal(cell):
        return np.asarray((h / cell.a) ** 2 + (k / cell.b) ** 2 + (l / cell.c) ** 2)
    rows = np.linalg.inv(cell.real_rows()).T
    metric = rows @ rows.T
    squares = metric[0, 0] * h**2 + metric[1, 1] * k**2 + metric[2, 2] * l**2
    mixed = metric[0, 1] * (h * k) + metric[0, 2] * (h * l) + metric[1, 2] * (k * l)
    return np.asarray(squares + 2.0 * mixed, dtype=np.float64)
