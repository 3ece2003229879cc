"""A surrogate for the real images: another beamline, other crystals, other faults.

The published real images come from experiments and cannot be simulated. This parametrised
stand-in differs from the synthetic domain in the ways the paper names (section 3: darker, higher
resolution, off-centre because a beamstop shadow is cropped away) and in the common faults of an
experiment, so that a model trained on synthetic images loses accuracy on it as the paper's
models do on the real ones (Table 7). It is not the real set and carries no claim about it.

Frames are exposed at twice the image's resolution, averaged 2 x 2 and compressed by the square
root. Sizes in millimetres do not depend on the image size.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from diffranet.domains import REAL_RAW, VALIDATION
from diffranet.simulator.artefacts import ice_rings, jet_streak, parasitic, tape
from diffranet.simulator.background import background_photons
from diffranet.simulator.beam import Beam
from diffranet.simulator.bragg import bragg_photons
from diffranet.simulator.crystal import Cell, Crystal, rotation_from_quaternion
from diffranet.simulator.detector import Readout, calibration_map, read_out, to_grey
from diffranet.simulator.geometry import Detector, FloatArray
from diffranet.simulator.mosaic import domain_rotations
from diffranet.simulator.randomness import CALIBRATION, MOSAIC, NOISE, image_stream, set_stream
from diffranet.simulator.realshots import KAHN, WAVELENGTH_A, RealShot
from diffranet.simulator.structure_factors import StructureFactors, WilsonModel, wilson_table
from diffranet.simulator.synthetic import (
    BEAM_EDGE_M,
    CELLS,
    FULL_CRYSTAL,
    PHOTONS,
    PSII_CELL,
    binned_gain,
    oversampling,
    psii_factors,
)

SURROGATE_NOTE = (
    "The real_raw and real_preprocessed parts are a simulated surrogate of experimental images, "
    "not the published real images; accuracies on them are not comparable with the paper's."
)

FINE_PIXEL_MM = 0.177
FINE_PER_PIXEL = 2
DISTANCE_MM = 100.0
BEAM_BELOW_CROP_MM = 30 * FINE_PIXEL_MM
AIR_MM = 2.0
CALIBRATION_RMS = 0.02
CELL_EDGE_A = 1000.0
"""Edge of the simulated block of a crystal; the number of its cells follows from the cell."""

CRYSTALS = {
    "photosystem II": PSII_CELL,
    "thaumatin": Cell(58.6, 58.6, 151.5),
    "lysozyme": Cell(79.2, 79.2, 38.0),
}
SMALL_PROTEIN_D_MIN = 1.6
SMALL_PROTEIN_MODELS = {
    "thaumatin": (WilsonModel(atoms=1.3e4, b_factor=30.0), 11),
    "lysozyme": (WilsonModel(atoms=8e3, b_factor=25.0), 12),
}


@lru_cache(maxsize=4)
def crystal_factors(name: str) -> StructureFactors:
    """Structure factors of one of ``CRYSTALS``."""
    if name == "photosystem II":
        return psii_factors()
    model, seed = SMALL_PROTEIN_MODELS[name]
    return wilson_table(CRYSTALS[name], model, SMALL_PROTEIN_D_MIN, seed)


def block_cells(cell: Cell) -> tuple[int, int, int]:
    """Unit cells along each axis of a block about 0.1 um wide."""
    a, b, c = (max(2, round(CELL_EDGE_A / edge)) for edge in (cell.a, cell.b, cell.c))
    return a, b, c


def fine_detector(size: int, extent: int) -> Detector:
    """The frame before averaging; the beam passes below its lower edge."""
    n = FINE_PER_PIXEL * size
    width = FINE_PER_PIXEL * extent * FINE_PIXEL_MM
    pixel = width / n
    beam_slow = width + BEAM_BELOW_CROP_MM
    return Detector(n, n, pixel, DISTANCE_MM, beam_slow, width / 2, oversampling(pixel))


class RealLikeRenderer:
    """Renders surrogate shots at one size and extent; arguments as for the synthetic renderer."""

    def __init__(self, size: int, extent: int, mosaic_domains: int, seed: int, engine: str) -> None:
        self._detector = fine_detector(size, extent)
        self._gain = binned_gain(size, extent)
        self._domains = mosaic_domains
        self._seed = seed
        self._engine = engine
        binned = max(1.0, extent / size)
        rng = set_stream(seed, REAL_RAW.name, VALIDATION, CALIBRATION)
        self._calibration = calibration_map(rng, self._detector.shape, CALIBRATION_RMS / binned)

    def expected_photons(self, shot: RealShot, split: str, index: int) -> FloatArray:
        """Expected photons per fine pixel of one shot, (slow, fast)."""
        photons = PHOTONS * shot.intensity
        expected = background_photons(
            self._detector,
            wavelength=WAVELENGTH_A,
            photons=photons,
            water_mm=shot.water_mm,
            air_mm=AIR_MM,
            kahn=KAHN,
        )
        level = float(expected.mean())
        expected += parasitic(self._detector, WAVELENGTH_A, shot.parasitic * level)
        if shot.ice > 0.0:
            expected += ice_rings(self._detector, WAVELENGTH_A, shot.ice * level)
        if shot.streak > 0.0:
            expected += jet_streak(self._detector, shot.streak_angle_deg, shot.streak * level)
        if shot.crystal_scale > 0.0:
            expected += self._bragg(shot, photons, split, index)
        if shot.tape_transmission < 1.0:
            expected *= tape(
                self._detector, shot.tape_angle_deg, shot.tape_edge, shot.tape_transmission
            )
        return expected

    def _bragg(self, shot: RealShot, photons: float, split: str, index: int) -> FloatArray:
        rng = image_stream(self._seed, REAL_RAW.name, split, index, MOSAIC)
        cell = CRYSTALS[shot.crystal]
        cells = block_cells(cell)
        block_volume = np.prod([cell.a, cell.b, cell.c]) * np.prod(cells)
        reference = np.prod([PSII_CELL.a, PSII_CELL.b, PSII_CELL.c]) * np.prod(CELLS)
        blocks = FULL_CRYSTAL * shot.crystal_scale * float(reference / block_volume)
        return bragg_photons(
            Crystal(
                cell.real_rows() @ rotation_from_quaternion(shot.quaternion).T,
                domain_rotations(rng, self._domains, shot.mosaic_deg),
                cells,
                shot.mosaic_deg,
            ),
            crystal_factors(shot.crystal),
            self._detector,
            Beam(WAVELENGTH_A, photons / BEAM_EDGE_M**2 * blocks, KAHN),
            engine=self._engine,
        )

    def render(self, shot: RealShot, split: str, index: int) -> npt.NDArray[np.uint8]:
        """The raw 8-bit image of one shot, (size, size)."""
        rng = image_stream(self._seed, REAL_RAW.name, split, index, NOISE)
        expected = self.expected_photons(shot, split, index)
        gain = shot.gain * self._gain
        readout = Readout(gain=gain, read_noise=2.0, offset=10.0)
        counts = read_out(rng, expected, self._detector.pixel_mm, readout, self._calibration)
        hot = rng.integers(0, counts.size, size=shot.hot_pixels)
        counts.reshape(-1)[hot] = np.exp(rng.uniform(math.log(200.0), math.log(65025.0), len(hot)))
        n = counts.shape[0] // FINE_PER_PIXEL
        return to_grey(counts.reshape(n, FINE_PER_PIXEL, n, FINE_PER_PIXEL).mean(axis=(1, 3)))


def preprocess(raw: npt.NDArray[np.uint8], factor: float) -> npt.NDArray[np.uint8]:
    """Multiply a raw image by the constant that makes the means equal (paper section 3)."""
    return np.asarray(np.clip(np.rint(raw * factor), 0, 255), dtype=np.uint8)
