"""Render synthetic images: photosystem II at an X-ray laser (paper Appendix A).

The imaged area is ``extent`` x 0.172 mm wide, 512 being the paper's detector; images of fewer
pixels have larger ones, as if the paper's were binned on the chip before one read-out, so that a
pixel's calibration error is the mean of those it is made of. Of pixels more than four times as
wide as the paper's the gain falls with their area, because their light would overflow the 16 bits
of every image.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from diffranet.domains import SYNTHETIC, TRAIN
from diffranet.simulator.background import background_photons
from diffranet.simulator.beam import Beam
from diffranet.simulator.bragg import bragg_photons
from diffranet.simulator.crystal import Cell, Crystal, rotation_from_quaternion
from diffranet.simulator.detector import Readout, calibration_map, read_out, to_grey
from diffranet.simulator.geometry import Detector, FloatArray
from diffranet.simulator.mosaic import domain_rotations
from diffranet.simulator.randomness import CALIBRATION, MOSAIC, NOISE, image_stream, set_stream
from diffranet.simulator.shots import Shot
from diffranet.simulator.structure_factors import StructureFactors, WilsonModel, wilson_table

PAPER_PIXEL_MM = 0.172
DISTANCE_MM = 80.0
PHOTONS = 1e12
BEAM_EDGE_M = 30e-6
WATER_MM = 0.010
AIR_MM = 5.0
CALIBRATION_RMS = 0.04
MOSAIC_MAX_ANGLE_DEG = 0.5
CELLS = (9, 5, 4)
"""Unit cells of the 0.1 um block that is simulated for the whole crystal."""
FULL_CRYSTAL = 2.7e7
"""Such blocks in a crystal 30 um wide."""
PSII_CELL = Cell(117.0, 222.0, 308.0)
PSII_MODEL = WilsonModel(atoms=2e5, b_factor=70.0)
PSII_D_MIN = 2.2
PSII_SEED = 4  # the crystal structure is one thing, whatever the seed of the data set
WIDEST_FULL_GAIN_BINNING = 4.0


@lru_cache(maxsize=1)
def psii_factors() -> StructureFactors:
    """Structure factors of the photosystem II stand-in."""
    return wilson_table(PSII_CELL, PSII_MODEL, PSII_D_MIN, PSII_SEED)


def oversampling(pixel_mm: float) -> int:
    """Subpixels per axis: the paper's 2, and none wider than the paper's pixel."""
    return max(2, math.ceil(pixel_mm / PAPER_PIXEL_MM - 1e-9))


def binned_gain(size: int, extent: int) -> float:
    """Counts per photon of an image: 1, unless binned pixels would overflow."""
    return min(1.0, (WIDEST_FULL_GAIN_BINNING * size / extent) ** 2)


def paper_detector(size: int, extent: int) -> Detector:
    """The middle of the paper's detector in size x size pixels, the beam in its centre."""
    width = extent * PAPER_PIXEL_MM
    pixel = width / size
    return Detector(size, size, pixel, DISTANCE_MM, width / 2, width / 2, oversampling(pixel))


class SyntheticRenderer:
    """Renders shots at one image size; holds what all shots have in common.

    Args:
        size: Image edge in pixels.
        extent: Edge of the imaged area in the paper's pixels.
        mosaic_domains: Mosaic domains per crystal.
        seed: Seed of the data set.
        engine: Diffraction engine, a name in ``bragg.ENGINES``.
    """

    def __init__(self, size: int, extent: int, mosaic_domains: int, seed: int, engine: str) -> None:
        self._detector = paper_detector(size, extent)
        self._gain = binned_gain(size, extent)
        self._binned = max(1.0, extent / size)
        self._domains = mosaic_domains
        self._seed = seed
        self._engine = engine

    @cached_property
    def _calibration(self) -> FloatArray:
        rng = set_stream(self._seed, SYNTHETIC.name, TRAIN, CALIBRATION)
        return calibration_map(rng, self._detector.shape, CALIBRATION_RMS / self._binned)

    def expected_photons(self, shot: Shot, split: str, index: int) -> FloatArray:
        """Expected photons per pixel of one shot, (slow, fast)."""
        if shot.intensity == 0.0:
            return np.zeros(self._detector.shape)
        photons = PHOTONS * shot.intensity
        expected = background_photons(
            self._detector,
            wavelength=shot.wavelength,
            photons=photons,
            water_mm=WATER_MM,
            air_mm=AIR_MM,
        )
        if shot.crystal_scale > 0.0:
            rng = image_stream(self._seed, SYNTHETIC.name, split, index, MOSAIC)
            crystal = Crystal(
                PSII_CELL.real_rows() @ rotation_from_quaternion(shot.quaternion).T,
                domain_rotations(rng, self._domains, MOSAIC_MAX_ANGLE_DEG),
                CELLS,
                MOSAIC_MAX_ANGLE_DEG,
            )
            expected += bragg_photons(
                crystal,
                psii_factors(),
                self._detector,
                Beam(
                    shot.wavelength,
                    photons / BEAM_EDGE_M**2 * FULL_CRYSTAL * shot.crystal_scale,
                ),
                engine=self._engine,
            )
        return expected

    def render(self, shot: Shot, split: str, index: int) -> npt.NDArray[np.uint8]:
        """The 8-bit image of one shot, (size, size)."""
        noise = image_stream(self._seed, SYNTHETIC.name, split, index, NOISE)
        expected = self.expected_photons(shot, split, index)
        readout = Readout(gain=self._gain)
        counts = read_out(noise, expected, self._detector.pixel_mm, readout, self._calibration)
        return to_grey(counts)
