"""The table of squared structure factors that diffraction engines read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diffranet.simulator.geometry import FloatArray

Origin = tuple[int, int, int]


@dataclass(frozen=True)
class StructureFactors:
    """Squared amplitudes over a box of Miller indices; outside the box they are zero.

    No symmetry is assumed: what holds for Friedel mates or a space group stands in the table.

    Attributes:
        squared: |F|^2 in electrons^2, C-contiguous, (nh, nk, nl). Zero where there is no
            reflection: beyond the resolution limit, for absences, at the incident beam.
        origin: Miller index (h, k, l) of ``squared[0, 0, 0]``.

    Raises:
        ValueError: The table is not three-dimensional, has a value that is negative or not
            finite, or has nothing but zeros.
    """

    squared: FloatArray
    origin: Origin

    def __post_init__(self) -> None:
        squared = np.ascontiguousarray(self.squared, dtype=np.float64)
        if np.ndim(self.squared) != 3 or not squared.size:
            raise ValueError("structure factors need a table over h, k, l")
        if len(self.origin) != 3:
            raise ValueError(f"the origin of a table needs three indices, got {self.origin}")
        lowest, highest = float(squared.min()), float(squared.max())  # NaN passes into both
        if not (np.isfinite(lowest) and np.isfinite(highest)):
            raise ValueError("structure factors must be finite numbers")
        if lowest < 0.0:
            raise ValueError("squared structure factors must not be negative")
        if highest == 0.0:
            raise ValueError("no structure factor is above zero")
        object.__setattr__(self, "squared", squared)
        h, k, l = (int(index) for index in self.origin)  # noqa: E741
        object.__setattr__(self, "origin", (h, k, l))

    @classmethod
    def from_octant(cls, octant: FloatArray) -> StructureFactors:
        """Mirror a table over (|h|, |k|, |l|), shape (nh, nk, nl), to all signs of the indices.

        Such a table describes crystals of Laue symmetry mmm or higher.
        """
        if octant.ndim != 3:
            raise ValueError("structure factors need a table over |h|, |k|, |l|")
        nh, nk, nl = octant.shape
        full = octant[np.ix_(*(np.abs(np.arange(1 - n, n)) for n in (nh, nk, nl)))]
        return cls(full, (1 - nh, 1 - nk, 1 - nl))

    def at(self, h: int, k: int, l: int) -> float:  # noqa: E741
        """|F|^2 of one reflection, electrons^2; zero outside the table."""
        place = tuple(index - first for index, first in zip((h, k, l), self.origin, strict=True))
        inside = all(0 <= p < n for p, n in zip(place, self.squared.shape, strict=True))
        return float(self.squared[place]) if inside else 0.0
