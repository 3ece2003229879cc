"""The experiment of the synthetic domain: beam, detector, crystal, background.

The defaults are the paper's Appendix A. Each group refuses, on construction, what cannot be; what
only the groups together can tell is checked by ``reach``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diffranet.errors import DataError
from diffranet.options import integer, number, sequence
from diffranet.simulator.crystal import Cell

PSII_CELL = (117.0, 222.0, 308.0, 90.0, 90.0, 90.0)
"""Photosystem II in P212121: edges in Angstrom, angles in degrees."""
BLOCK_EDGE_UM = 0.1
"""The crystal that is simulated and then scaled up to the whole (Appendix A)."""
FLATTEST_CELL = 1e-3
"""Least volume of a cell relative to a box of the same edges."""


def _set(group: object, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(group, name, value)


@dataclass(frozen=True)
class BeamSetup:
    """The pulses of the X-ray laser.

    Attributes:
        wavelength: Mean wavelength, Angstrom.
        wavelength_spread: RMS variation from shot to shot, relative to the mean.
        bandwidth: RMS width of the spectrum within a shot, relative to its mean; the paper's
            shots have a single wavelength.
        photons: Photons in the mean pulse.
        width_um: Edge of the square focus.
        kahn: Kahn polarization factor: 0 unpolarized, 1 polarized along the fast axis.

    Raises:
        DataError: A value is out of bounds.
    """

    wavelength: float = 1.5
    wavelength_spread: float = 0.005
    bandwidth: float = 0.0
    photons: float = 1e12
    width_um: float = 30.0
    kahn: float = 0.0

    def __post_init__(self) -> None:
        _set(
            self,
            wavelength=number(self.wavelength, "beam.wavelength", above=0, most=100),
            wavelength_spread=number(
                self.wavelength_spread, "beam.wavelength_spread", least=0, most=0.1
            ),
            bandwidth=number(self.bandwidth, "beam.bandwidth", least=0, most=0.1),
            photons=number(self.photons, "beam.photons", above=0, most=1e16),
            width_um=number(self.width_um, "beam.width_um", above=0, most=1e5),
            kahn=number(self.kahn, "beam.kahn", least=-1, most=1),
        )

    @property
    def photons_per_m2(self) -> float:
        """Fluence of the mean pulse in the focus."""
        return self.photons / (self.width_um * 1e-6) ** 2


@dataclass(frozen=True)
class DetectorSetup:
    """Where the detector stands, and its electronics.

    Attributes:
        distance_mm: From the crystal to the detector plane.
        pixel_mm: Edge of a pixel before any binning to smaller images.
        beam_offset_mm: Where the beam meets the plane, (slow, fast) from the imaged area's centre.
        psf_fwhm_mm: Point spread of the fibre-coupled CCD; 0 for none.
        gain_rms: Calibration error of a pixel, relative.
        read_noise: RMS read-out noise, in the signal of one photon.
        offset: Counts added to every pixel.

    Raises:
        DataError: A value is out of bounds.
    """

    distance_mm: float = 80.0
    pixel_mm: float = 0.172
    beam_offset_mm: tuple[float, float] = (0.0, 0.0)
    psf_fwhm_mm: float = 0.041
    gain_rms: float = 0.04
    read_noise: float = 3.0
    offset: float = 10.0

    def __post_init__(self) -> None:
        where = "detector.beam_offset_mm"
        slow, fast = sequence(self.beam_offset_mm, where, (2,), "numbers (slow, fast)")
        _set(
            self,
            distance_mm=number(self.distance_mm, "detector.distance_mm", above=0, most=1e6),
            pixel_mm=number(self.pixel_mm, "detector.pixel_mm", above=0, most=100),
            beam_offset_mm=(
                number(slow, where, least=-1e5, most=1e5),
                number(fast, where, least=-1e5, most=1e5),
            ),
            psf_fwhm_mm=number(self.psf_fwhm_mm, "detector.psf_fwhm_mm", least=0, most=10),
            gain_rms=number(self.gain_rms, "detector.gain_rms", least=0, most=1),
            read_noise=number(self.read_noise, "detector.read_noise", least=0, most=1e4),
            offset=number(self.offset, "detector.offset", least=0, most=65025),
        )


@dataclass(frozen=True)
class CrystalSetup:
    """What is screened.

    Attributes:
        cell: Edges in Angstrom and angles in degrees (three right angles where only edges are
            given); None for the structure-factor file's, or photosystem II's without a file.
        cells: Unit cells along a, b, c of the block that is simulated for the whole crystal;
            None for a block 0.1 um wide, which is 9 x 5 x 4 of photosystem II.
        mosaic_deg: Largest misorientation of a mosaic domain.
        width_um: Edge of the whole crystal.
        structure_factors: File to read the structure factors from, see ``factors.load_factors``;
            None for amplitudes drawn by Wilson's statistics.
        column: Column of an MTZ or mmCIF file; None for the best there is.
        resolution: Finest spacing with a structure factor, Angstrom.
        b_factor: Overall displacement parameter of the drawn amplitudes, Angstrom^2.
        atoms: Atoms in the cell for the drawn amplitudes.

    Raises:
        DataError: A value is out of bounds, or the cell is none.
    """

    cell: tuple[float, ...] | None = None
    cells: tuple[int, int, int] | None = None
    mosaic_deg: float = 0.5
    width_um: float = 30.0
    structure_factors: str | None = None
    column: str | None = None
    resolution: float = 2.2
    b_factor: float = 70.0
    atoms: float = 2e5

    def __post_init__(self) -> None:
        cell, cells = self.cell, self.cells
        if cell is not None:
            cell = as_cell(cell)
        if cells is not None:
            where = "crystal.cells"
            along = sequence(cells, where, (3,), "whole numbers")
            a, b, c = (integer(n, where, 1, 10_000) for n in along)
            cells = (a, b, c)
        for key in ("structure_factors", "column"):
            value = getattr(self, key)
            if value is not None and (not isinstance(value, str) or not value):
                raise DataError(f"crystal.{key} must be a name or null, got {value!r}")
        if self.column is not None and self.structure_factors is None:
            raise DataError("crystal.column is given without crystal.structure_factors")
        _set(
            self,
            cell=cell,
            cells=cells,
            mosaic_deg=number(self.mosaic_deg, "crystal.mosaic_deg", least=0, most=20),
            width_um=number(self.width_um, "crystal.width_um", above=0, most=1e4),
            resolution=number(self.resolution, "crystal.resolution", least=0.3, most=1000),
            b_factor=number(self.b_factor, "crystal.b_factor", least=0, most=1000),
            atoms=number(self.atoms, "crystal.atoms", above=0, most=1e9),
        )

    @property
    def known_cell(self) -> Cell | None:
        """The cell as far as it is known without opening the structure-factor file."""
        if self.cell is not None:
            return Cell(*self.cell)
        return Cell(*PSII_CELL) if self.structure_factors is None else None


@dataclass(frozen=True)
class BackgroundSetup:
    """What else is in the beam.

    Attributes:
        water_um: Path through liquid water.
        water_density: Its density, g/cm^3.
        air_mm: Path through air.
        air_density: Its density, g/cm^3.

    Raises:
        DataError: A value is out of bounds.
    """

    water_um: float = 10.0
    water_density: float = 1.0
    air_mm: float = 5.0
    air_density: float = 1.2e-3

    def __post_init__(self) -> None:
        _set(
            self,
            water_um=number(self.water_um, "background.water_um", least=0, most=1e5),
            water_density=number(self.water_density, "background.water_density", least=0, most=100),
            air_mm=number(self.air_mm, "background.air_mm", least=0, most=1e5),
            air_density=number(self.air_density, "background.air_density", least=0, most=100),
        )


def as_cell(values: object) -> tuple[float, ...]:
    """Six numbers of a unit cell, with right angles where only the edges are given.

    Raises:
        DataError: The numbers make no cell.
    """
    where = "crystal.cell"
    given = sequence(values, where, (3, 6), "numbers (a, b, c, alpha, beta, gamma)")
    edges = [number(edge, f"{where} edges", above=0, most=10_000) for edge in given[:3]]
    angles = [number(angle, f"{where} angles", above=0) for angle in given[3:] or [90.0] * 3]
    cell = (*edges, *angles)
    singular = DataError(
        f"{where}: the angles {', '.join(f'{angle:g}' for angle in angles)} close no cell; "
        "each must be below 180 and below the sum of the other two"
    )
    if max(angles) >= 180.0:
        raise singular
    try:
        volume = float(np.linalg.det(Cell(*cell).real_rows()))
    except ValueError:
        raise singular from None
    if volume < FLATTEST_CELL * edges[0] * edges[1] * edges[2]:
        raise singular
    return cell
