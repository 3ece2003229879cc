"""The X-ray pulse that meets the crystal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diffranet.simulator.geometry import FloatArray


@dataclass(frozen=True)
class Beam:
    """One pulse.

    Attributes:
        wavelength: Mean wavelength, Angstrom.
        fluence: Photons per square metre.
        kahn: Kahn polarization factor: 0 unpolarized, 1 fully polarized along the fast axis.
        bandwidth: RMS spread of the wavelength within the pulse, relative to its mean.
        domain_wavelengths: Wavelength that each mosaic domain sees, (domains,), Angstrom; None
            where all see the mean. Drawn from the bandwidth by ``draw_domain_wavelengths``.
    """

    wavelength: float
    fluence: float
    kahn: float = 0.0
    bandwidth: float = 0.0
    domain_wavelengths: FloatArray | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.wavelength < float("inf"):
            raise ValueError(f"the wavelength must be above zero, got {self.wavelength} Angstrom")
        if not 0.0 <= self.fluence < float("inf"):
            raise ValueError(f"the fluence must not be negative, got {self.fluence}")
        if not -1.0 <= self.kahn <= 1.0:
            raise ValueError(f"Kahn's polarization factor lies in -1 to 1, got {self.kahn}")
        if not 0.0 <= self.bandwidth < 0.2:
            raise ValueError(f"the bandwidth must lie in 0 to 0.2, got {self.bandwidth}")
        waves = self.domain_wavelengths
        if waves is not None and not (np.isfinite(waves).all() and (waves > 0).all()):
            raise ValueError("the domains' wavelengths must be above zero")


def draw_domain_wavelengths(
    rng: np.random.Generator, n: int, wavelength: float, bandwidth: float
) -> FloatArray:
    """Draw a wavelength for each of n domains from a normal spectrum cut at four RMS widths.

    A pulse's spectrum is sampled by the domains instead of by images of its own: with hundreds of
    domains the sum is the same to within their noise, and costs nothing.
    """
    spread = np.clip(rng.standard_normal(n), -4.0, 4.0)
    return np.asarray(wavelength * (1.0 + bandwidth * spread))
