"""Unit cells, orientations and the mosaic crystal that meets the beam."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diffranet.simulator.geometry import FloatArray


@dataclass(frozen=True)
class Cell:
    """Unit cell: edges in Angstrom, angles in degrees."""

    a: float
    b: float
    c: float
    alpha: float = 90.0
    beta: float = 90.0
    gamma: float = 90.0

    def __post_init__(self) -> None:
        if min(self.a, self.b, self.c) <= 0:
            raise ValueError(f"cell edges must be above zero, got {self.a}, {self.b}, {self.c}")
        if self._volume_factor() <= 0:
            raise ValueError(f"cell angles {self.alpha}, {self.beta}, {self.gamma} close no cell")

    def _volume_factor(self) -> float:
        ca, cb, cg = np.cos(np.radians([self.alpha, self.beta, self.gamma]))
        return float(1 - ca**2 - cb**2 - cg**2 + 2 * ca * cb * cg)

    def real_rows(self) -> FloatArray:
        """Rows a, b, c in Angstrom, shape (3, 3): a along x, b in the xy plane."""
        ca, cb, cg = np.cos(np.radians([self.alpha, self.beta, self.gamma]))
        sg = np.sin(np.radians(self.gamma))
        rise = np.sqrt(self._volume_factor()) / sg
        return np.array(
            [
                [self.a, 0.0, 0.0],
                [self.b * cg, self.b * sg, 0.0],
                [self.c * cb, self.c * (ca - cb * cg) / sg, self.c * rise],
            ]
        )


@dataclass(frozen=True)
class Crystal:
    """A crystal in the beam.

    Attributes:
        real_rows: Rows a, b, c in Angstrom in the laboratory frame, (3, 3).
        domain_rotations: Rotations of the mosaic domains, (n, 3, 3).
        cells: Unit cells along a, b and c in each domain.
        mosaic_deg: Largest angle of the distribution that the domains are drawn from (see
            ``mosaic.domain_rotations``); all that the continuous engine asks of them.
    """

    real_rows: FloatArray
    domain_rotations: FloatArray
    cells: tuple[int, int, int]
    mosaic_deg: float = 0.0


def rotation_from_quaternion(quaternion: tuple[float, float, float, float]) -> FloatArray:
    """Rotation matrix (3, 3) of a unit quaternion (w, x, y, z)."""
    w, x, y, z = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def random_quaternion(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Unit quaternion of a rotation that is equally likely in any direction."""
    q = rng.standard_normal(4)
    w, x, y, z = (q / np.linalg.norm(q)).tolist()
    return w, x, y, z
