"""What each mosaic domain sees of the beam."""

from __future__ import annotations

import numpy as np

from diffranet.simulator.beam import Beam
from diffranet.simulator.geometry import FloatArray


def domain_radii(beam: Beam, n: int) -> FloatArray:
    """1/lambda of each of n domains, (n,), 1/Angstrom.

    Raises:
        ValueError: The beam has wavelengths for another number of domains.
    """
    if beam.domain_wavelengths is None:
        return np.full(n, 1.0 / beam.wavelength)
    if beam.domain_wavelengths.shape != (n,):
        raise ValueError(
            f"{beam.domain_wavelengths.size} wavelengths for {n} mosaic domains; give one for each"
        )
    return np.asarray(1.0 / beam.domain_wavelengths)


def largest_spread(beam: Beam) -> float:
    """Largest deviation of a domain's wavelength from the mean, Angstrom."""
    if beam.domain_wavelengths is None:
        return 0.0
    return float(np.abs(beam.domain_wavelengths - beam.wavelength).max())
