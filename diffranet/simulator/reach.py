"""Whether a crystal's reflections can fall on a detector at all."""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from diffranet.errors import DataError
from diffranet.simulator.crystal import Cell
from diffranet.simulator.setup import BeamSetup, CrystalSetup, DetectorSetup

LARGEST_TABLE = 30_000_000
"""Reflections in a table of structure factors: 240 MB in every process."""


def recorded_range(detector: DetectorSetup, wavelength: float, extent: int) -> tuple[float, float]:
    """Smallest and largest |s| = 2 sin(theta)/lambda on the detector, 1/Angstrom.

    Args:
        detector: Where it stands.
        wavelength: Angstrom.
        extent: Edge of the imaged area in pixels of ``detector.pixel_mm``.
    """
    half = extent * detector.pixel_mm / 2.0
    offsets = [abs(offset) for offset in detector.beam_offset_mm]
    nearest = math.hypot(*(max(0.0, offset - half) for offset in offsets))
    farthest = math.hypot(*(offset + half for offset in offsets))
    two_theta = np.arctan2([nearest, farthest], detector.distance_mm)
    low, high = (2.0 * np.sin(two_theta / 2.0) / wavelength).tolist()
    return low, high


def longest_spacing(cell: Cell, *, screw_axes: bool = False) -> float:
    """Largest distance between lattice planes of a cell that reflect, Angstrom.

    Args:
        cell: The unit cell.
        screw_axes: Whether odd reflections along the axes are absent, as in P212121.
    """
    rows = np.linalg.inv(cell.real_rows()).T
    indices = np.array([hkl for hkl in product(range(-2, 3), repeat=3) if any(hkl)])
    if screw_axes:
        axial = (indices != 0).sum(axis=1) == 1
        indices = indices[~axial | (indices.sum(axis=1) % 2 == 0)]
    return float(1.0 / np.linalg.norm(indices @ rows, axis=1).min())


def check_reach(
    beam: BeamSetup, detector: DetectorSetup, crystal: CrystalSetup, cell: Cell, extent: int
) -> None:
    """Refuse an experiment whose Bragg spots all miss the detector.

    Args:
        beam: Its wavelength counts.
        detector: Where it stands.
        crystal: Its resolution limit counts.
        cell: The crystal's cell, given or read from a file.
        extent: Edge of the imaged area in pixels of ``detector.pixel_mm``.

    Raises:
        DataError: Nothing can be recorded, or there are too many reflections to handle.
    """
    low, high = recorded_range(detector, beam.wavelength, extent)
    place = (
        f"beam.wavelength={beam.wavelength:g} and detector.distance_mm={detector.distance_mm:g} "
        "put no Bragg spot on the detector"
    )
    # Amplitudes that no file gives are drawn in P212121 where the cell allows it.
    drawn = crystal.structure_factors is None
    right_angled = cell.alpha == cell.beta == cell.gamma == 90.0
    spacing = longest_spacing(cell, screw_axes=drawn and right_angled)
    if spacing < crystal.resolution:
        raise DataError(
            f"crystal.resolution={crystal.resolution:g} Angstrom leaves no reflection: the cell's "
            f"longest spacing is {spacing:.4g} Angstrom; give a finer limit"
        )
    if high * spacing < 1.0:
        raise DataError(
            f"{place}: it records spacings above {1 / high:.4g} Angstrom, the crystal's longest is "
            f"{spacing:.4g}; shorten the wavelength or the distance"
        )
    if low * crystal.resolution > 1.0:
        raise DataError(
            f"{place}: with detector.beam_offset_mm it records spacings below {1 / low:.4g} "
            f"Angstrom, crystal.resolution ends at {crystal.resolution:g}; move it to the beam"
        )
    edges = np.array([cell.a, cell.b, cell.c])
    reflections = float(np.prod(2.0 * np.floor(edges / crystal.resolution) + 1.0))
    if reflections > LARGEST_TABLE:
        raise DataError(
            f"crystal.resolution={crystal.resolution:g} Angstrom makes {reflections:.3g} "
            f"reflections of this cell; at most {LARGEST_TABLE:.3g} fit, so give a coarser limit"
        )
