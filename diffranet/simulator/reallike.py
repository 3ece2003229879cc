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
from diffranet.simulator.artefacts import Artefacts
from diffranet.simulator.background import BackgroundModel, Layers
from diffranet.simulator.beam import Beam
from diffranet.simulator.bragg import bragg_photons
from diffranet.simulator.crystal import Cell, Crystal, rotation_from_quaternion
from diffranet.simulator.detector import FibreCcd, Readout, binned, calibration_map, to_grey
from diffranet.simulator.factors import StructureFactors, WilsonModel, wilson_factors
from diffranet.simulator.geometry import Detector, FloatArray
from diffranet.simulator.mosaic import domain_rotations
from diffranet.simulator.randomness import CALIBRATION, MOSAIC, NOISE, image_stream, set_stream
from diffranet.simulator.realshots import KAHN, WAVELENGTH_A, RealShot
from diffranet.simulator.setup import PSII_CELL, BeamSetup, CrystalSetup
from diffranet.simulator.structure import read_structure
from diffranet.simulator.synthetic import binned_gain, blocks_in_crystal, oversampling
from diffranet.simulator.synthetic import block_cells as paper_block_cells

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

PAPER_BEAM = BeamSetup()
PAPER_CRYSTAL = CrystalSetup()
PSII = "photosystem II"
CRYSTALS = {
    PSII: Cell(*PSII_CELL),
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
    if name == PSII:
        return read_structure(PAPER_CRYSTAL).factors
    model, seed = SMALL_PROTEIN_MODELS[name]
    return wilson_factors(CRYSTALS[name], model, SMALL_PROTEIN_D_MIN, seed)


def block_cells(cell: Cell) -> tuple[int, int, int]:
    """Unit cells along each axis of a block about 0.1 um wide."""
    a, b, c = (max(2, round(CELL_EDGE_A / edge)) for edge in (cell.a, cell.b, cell.c))
    return a, b, c


def block_volume(cell: Cell, cells: tuple[int, int, int]) -> float:
    """Volume of a block of an orthogonal cell, cubic Angstrom."""
    return cell.a * cell.b * cell.c * math.prod(cells)


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
        self._background = BackgroundModel(self._detector, KAHN)
        self._artefacts = Artefacts(self._detector, WAVELENGTH_A)
        rms = CALIBRATION_RMS / max(1.0, extent / size)
        rng = set_stream(seed, REAL_RAW.name, VALIDATION, CALIBRATION)
        calibration = calibration_map(rng, self._detector.shape, rms)
        self._ccd = FibreCcd(self._detector.pixel_mm, calibration)

    def expected_photons(self, shot: RealShot, split: str, index: int) -> FloatArray:
        """Expected photons per fine pixel of one shot, (slow, fast)."""
        photons = PAPER_BEAM.photons * shot.intensity
        layers = Layers(shot.water_mm, AIR_MM)
        expected = self._background.photons(layers, WAVELENGTH_A, photons)
        level = float(expected.mean())
        self._artefacts.add_parasitic(expected, shot.parasitic * level)
        if shot.ice > 0.0:
            self._artefacts.add_ice_rings(expected, shot.ice * level)
        if shot.streak > 0.0:
            self._artefacts.add_jet_streak(expected, shot.streak_angle_deg, shot.streak * level)
        if shot.crystal_scale > 0.0:
            expected += self._bragg(shot, split, index)
        if shot.tape_transmission < 1.0:
            self._artefacts.cover_with_tape(
                expected, shot.tape_angle_deg, shot.tape_edge, shot.tape_transmission
            )
        return expected

    def _bragg(self, shot: RealShot, split: str, index: int) -> FloatArray:
        rng = image_stream(self._seed, REAL_RAW.name, split, index, MOSAIC)
        cell = CRYSTALS[shot.crystal]
        cells = block_cells(cell)
        # As much crystal as in the synthetic domain, whatever the cell.
        paper = CRYSTALS[PSII]
        whole = blocks_in_crystal(PAPER_CRYSTAL, PAPER_BEAM, paper)
        volume = block_volume(paper, paper_block_cells(paper))
        blocks = whole * shot.crystal_scale * volume / block_volume(cell, cells)
        return bragg_photons(
            Crystal(
                cell.real_rows() @ rotation_from_quaternion(shot.quaternion).T,
                domain_rotations(rng, self._domains, shot.mosaic_deg),
                cells,
                shot.mosaic_deg,
            ),
            crystal_factors(shot.crystal),
            self._detector,
            Beam(WAVELENGTH_A, PAPER_BEAM.photons_per_m2 * shot.intensity * blocks, KAHN),
            engine=self._engine,
        )

    def render(self, shot: RealShot, split: str, index: int) -> npt.NDArray[np.uint8]:
        """The raw 8-bit image of one shot, (size, size)."""
        rng = image_stream(self._seed, REAL_RAW.name, split, index, NOISE)
        expected = self.expected_photons(shot, split, index)
        gain = shot.gain * self._gain
        readout = Readout(gain=gain, read_noise=2.0, offset=10.0)
        counts = self._ccd.expose(rng, expected, readout)
        hot = rng.integers(0, counts.size, size=shot.hot_pixels)
        counts.reshape(-1)[hot] = np.exp(rng.uniform(math.log(200.0), math.log(65025.0), len(hot)))
        return to_grey(binned(counts, FINE_PER_PIXEL))


def preprocess(raw: npt.NDArray[np.uint8], factor: float) -> npt.NDArray[np.uint8]:
    """Multiply a raw image by the constant that makes the means equal (paper section 3)."""
    return np.asarray(np.clip(np.rint(raw * factor), 0, 255), dtype=np.uint8)
