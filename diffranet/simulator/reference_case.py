"""Reference images of nanoBragg in ``.npz`` files.

Such a file has ``image`` (slow, fast), photons per pixel without noise; ``real_cell_rows``, the
oriented cell's rows a, b, c in Angstrom; ``umats`` (domains, 3, 3), the rotations of the mosaic
domains; and ``meta``, JSON with the geometry and the beam. Structure factors follow from the
Miller indices by a recipe, so that no list of them is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np

from diffranet.errors import DataError
from diffranet.simulator.beam import Beam
from diffranet.simulator.crystal import Cell, Crystal
from diffranet.simulator.factors import StructureFactors, inverse_d_squared, resolution_box
from diffranet.simulator.geometry import Detector, FloatArray
from diffranet.simulator.reference_file import Arrays, numbers, read_meta


@dataclass(frozen=True)
class BraggCase:
    """A diffraction image of nanoBragg and all that is needed to compute it again.

    Attributes:
        name: Of the case.
        image: Expected photons per pixel, (slow, fast).
        crystal: Orientation, mosaic domains, cells per domain and width of the distribution.
        cell: The unit cell.
        d_min: Resolution limit of the structure factors, Angstrom.
        detector: Geometry and oversampling.
        beam: Wavelength, fluence and polarization.
    """

    name: str
    image: FloatArray
    crystal: Crystal
    cell: Cell
    d_min: float
    detector: Detector
    beam: Beam

    def factors(self) -> StructureFactors:
        """Structure factors by the recipe of these files; see ``recipe_factors``."""
        return recipe_factors(self.cell, self.d_min)


def bragg_case(arrays: Arrays, path: Path) -> BraggCase:
    """Understand a file as a diffraction case.

    Absent from ``meta``, ``name`` is the file's, ``os`` 1, ``polar`` and ``mosaic`` 0, and
    ``domains`` the number of ``umats``. A single domain is not rotated, whatever ``umats`` says.

    Raises:
        DataError: An array or a key is missing or bad.
    """
    meta = read_meta(arrays, path)
    image = numbers(arrays, "image", path, (None, None))
    rows = numbers(arrays, "real_cell_rows", path, (3, 3))
    if np.linalg.matrix_rank(rows) < 3:
        raise DataError(f"{path}: array 'real_cell_rows' spans no cell: its rows lie in a plane")
    domains = meta.whole("domains", len(arrays["umats"]) if "umats" in arrays else 1)
    rotations = np.eye(3)[None]
    if domains > 1:
        rotations = numbers(arrays, "umats", path, (domains, 3, 3))
    h, k, l = meta.wholes("N", 3)  # noqa: E741
    try:
        return BraggCase(
            name=meta.text("name", path.stem),
            image=image,
            crystal=Crystal(rows, rotations, (h, k, l), meta.number("mosaic", 0.0)),
            cell=Cell(*meta.numbers("cell", 6)),
            d_min=meta.number("dmin"),
            detector=Detector(
                *(image.shape[0], image.shape[1]),
                pixel_mm=meta.number("pix"),
                distance_mm=meta.number("dist"),
                beam_slow_mm=meta.number("beam_slow_m") * 1e3,
                beam_fast_mm=meta.number("beam_fast_m") * 1e3,
                oversample=meta.whole("os", 1),
            ),
            beam=Beam(meta.number("lam"), meta.number("flu"), meta.number("polar", 0.0)),
        )
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None


def recipe_factors(cell: Cell, d_min: float) -> StructureFactors:
    """Structure factors that follow from the Miller indices alone.

    F(h, k, l) = 100 + 900 x / 65536 where x is the low 16 bits of |h| 73856093 xor
    |k| 19349663 xor |l| 83492791, for 0 < 1/d^2 < 1/d_min^2, and zero elsewhere.

    Args:
        cell: Any unit cell.
        d_min: Resolution limit, Angstrom.

    Raises:
        ValueError: The limit is not above zero, or leaves no reflection or too many.
    """
    box = resolution_box(cell, d_min)
    h, k, l = box.indices()  # noqa: E741
    # Only the low 16 bits are wanted, and xor does not mix bits: the table fits into two bytes.
    low = (
        (abs(index) * prime & 65535).astype(np.uint16)
        for index, prime in ((h, 73856093), (k, 19349663), (l, 83492791))
    )
    squared = 100.0 + 900.0 / 65536.0 * reduce(np.bitwise_xor, low).astype(np.float64)
    squared *= squared
    s_squared = inverse_d_squared(cell, h, k, l)
    squared[(s_squared <= 0.0) | (s_squared >= 1.0 / d_min**2)] = 0.0
    return StructureFactors(squared, box.origin)
