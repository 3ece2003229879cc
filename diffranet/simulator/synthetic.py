"""Render synthetic images: photosystem II at an X-ray laser (paper Appendix A).

The imaged area is ``extent`` x 0.172 mm wide, 512 being the paper's detector; images of fewer
pixels have larger ones, as if the paper's were binned on the chip before one read-out, so that a
pixel's calibration error is the mean of those it is made of. Of pixels more than four times as
wide as the paper's the gain falls with their area, because their light would overflow the 16 bits
of every image.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
import numpy.typing as npt

from diffranet.domains import SYNTHETIC, TRAIN
from diffranet.simulator.background import BackgroundModel, Layers
from diffranet.simulator.beam import Beam, draw_domain_wavelengths
from diffranet.simulator.bragg import bragg_photons
from diffranet.simulator.crystal import Cell, Crystal, rotation_from_quaternion
from diffranet.simulator.detector import FibreCcd, Readout, calibration_map, to_grey
from diffranet.simulator.geometry import Detector, FloatArray
from diffranet.simulator.mosaic import domain_rotations
from diffranet.simulator.parameters import SimulationParameters
from diffranet.simulator.randomness import CALIBRATION, MOSAIC, NOISE, image_stream, set_stream
from diffranet.simulator.setup import BLOCK_EDGE_UM, BeamSetup, CrystalSetup, DetectorSetup
from diffranet.simulator.shots import Shot
from diffranet.simulator.structure import Structure, read_structure

PAPER_PIXEL_MM = 0.172
PAPER_DISTANCE_MM = 80.0
WIDEST_FULL_GAIN_BINNING = 4.0


def block_cells(cell: Cell) -> tuple[int, int, int]:
    """Unit cells along each axis of a block at least 0.1 um wide; the paper's 9 x 5 x 4."""
    edge = BLOCK_EDGE_UM * 1e4
    a, b, c = (math.ceil(edge / along - 1e-9) for along in (cell.a, cell.b, cell.c))
    return a, b, c


def blocks_in_crystal(crystal: CrystalSetup, beam: BeamSetup, cell: Cell) -> float:
    """Blocks in the part of a whole crystal that the beam meets; the paper's 2.7e7.

    A crystal wider than the beam is met by it along its whole depth.
    """
    met = min(crystal.width_um, beam.width_um)
    blocks = met**2 * crystal.width_um / BLOCK_EDGE_UM**3
    if crystal.cells is None:
        return blocks
    return blocks * math.prod(block_cells(cell)) / math.prod(crystal.cells)


def oversampling(pixel_mm: float, distance_mm: float = PAPER_DISTANCE_MM) -> int:
    """Subpixels per axis: the paper's 2, and none that a spot would be narrower on than there."""
    widest = PAPER_PIXEL_MM * distance_mm / PAPER_DISTANCE_MM
    return max(2, math.ceil(pixel_mm / widest - 1e-9))


def binned_gain(size: int, extent: int) -> float:
    """Counts per photon of an image: 1, unless binned pixels would overflow."""
    return min(1.0, (WIDEST_FULL_GAIN_BINNING * size / extent) ** 2)


def imaged_area(setup: DetectorSetup, size: int, extent: int) -> Detector:
    """The part of a detector that is imaged, in size x size pixels.

    Args:
        setup: Where the detector stands; its middle is imaged.
        size: Image edge in pixels.
        extent: Edge of the imaged area in pixels of ``setup.pixel_mm``.
    """
    width = extent * setup.pixel_mm
    pixel = width / size
    return Detector(
        n_slow=size,
        n_fast=size,
        pixel_mm=pixel,
        distance_mm=setup.distance_mm,
        beam_slow_mm=width / 2 + setup.beam_offset_mm[0],
        beam_fast_mm=width / 2 + setup.beam_offset_mm[1],
        oversample=oversampling(pixel, setup.distance_mm),
    )


class SyntheticRenderer:
    """Renders shots of one data set; holds what all shots have in common.

    Args:
        parameters: Of the data set.
        structure: The crystal's cell and structure factors; None to read or draw them as the
            parameters say.
    """

    def __init__(
        self, parameters: SimulationParameters, structure: Structure | None = None
    ) -> None:
        self._parameters = parameters
        self._given_structure = structure
        size, extent = parameters.image_size, parameters.extent
        setup = parameters.detector
        self._detector = imaged_area(setup, size, extent)
        self._readout = Readout(
            gain=binned_gain(size, extent),
            read_noise=setup.read_noise,
            offset=setup.offset,
        )

    @cached_property
    def _structure(self) -> Structure:
        return self._given_structure or read_structure(self._parameters.crystal)

    @cached_property
    def _background(self) -> BackgroundModel:
        return BackgroundModel(self._detector, self._parameters.beam.kahn)

    @cached_property
    def _ccd(self) -> FibreCcd:
        rng = set_stream(self._parameters.seed, SYNTHETIC.name, TRAIN, CALIBRATION)
        binned = max(1.0, self._parameters.extent / self._parameters.image_size)
        rms = self._parameters.detector.gain_rms / binned
        calibration = calibration_map(rng, self._detector.shape, rms)
        psf_fwhm_mm = self._parameters.detector.psf_fwhm_mm
        return FibreCcd(self._detector.pixel_mm, calibration, psf_fwhm_mm)

    def expected_photons(self, shot: Shot, split: str, index: int) -> FloatArray:
        """Expected photons per pixel of one shot, (slow, fast)."""
        if shot.intensity == 0.0:
            return np.zeros(self._detector.shape)
        beam, background = self._parameters.beam, self._parameters.background
        expected = self._background.photons(
            Layers(
                background.water_um * 1e-3,
                background.air_mm,
                background.water_density,
                background.air_density,
            ),
            shot.wavelength,
            beam.photons * shot.intensity,
        )
        if shot.crystal_scale > 0.0:
            expected += self._bragg(shot, split, index)
        return expected

    def _bragg(self, shot: Shot, split: str, index: int) -> FloatArray:
        parameters = self._parameters
        setup, domains = parameters.crystal, parameters.mosaic_domains
        rng = image_stream(parameters.seed, SYNTHETIC.name, split, index, MOSAIC)
        cell = self._structure.cell
        crystal = Crystal(
            cell.real_rows() @ rotation_from_quaternion(shot.quaternion).T,
            domain_rotations(rng, domains, setup.mosaic_deg),
            setup.cells or block_cells(cell),
            setup.mosaic_deg,
        )
        blocks = blocks_in_crystal(setup, parameters.beam, cell) * shot.crystal_scale
        bandwidth = parameters.beam.bandwidth
        waves = None
        if bandwidth > 0.0:
            waves = draw_domain_wavelengths(rng, domains, shot.wavelength, bandwidth)
        beam = Beam(
            shot.wavelength,
            parameters.beam.photons_per_m2 * shot.intensity * blocks,
            parameters.beam.kahn,
            bandwidth,
            waves,
        )
        factors = self._structure.factors
        return bragg_photons(crystal, factors, self._detector, beam, engine=parameters.engine)

    def render(self, shot: Shot, split: str, index: int) -> npt.NDArray[np.uint8]:
        """The 8-bit image of one shot, (size, size)."""
        noise = image_stream(self._parameters.seed, SYNTHETIC.name, split, index, NOISE)
        expected = self.expected_photons(shot, split, index)
        return to_grey(self._ccd.expose(noise, expected, self._readout))
