"""What a spectrum within the pulse does to a spot, in closed form.

In the direction of a pixel the scattering vector keeps its direction and grows with 1/lambda.
A spectrum therefore smears how far the vector ends from the sphere of the reflections' length, and
with it the area of the spot's section, which is ``1 - x^2`` at the relative distance x.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from diffranet.simulator.geometry import FloatArray

CUT = 4.0
"""Widths of the spectrum beyond which it is taken as dark."""
_NODES = (33, 65)


@lru_cache(maxsize=1)
def spectrum_tables() -> tuple[FloatArray, FloatArray]:
    """Moments of the section under a normal spectrum, on regular grids, (33, 65) each.

    Over (sigma/(1 + sigma), x/(1 + 4 sigma)), both 0 to 1, with x the mean relative distance and
    sigma the spectrum's width relative to the spot's half thickness: the mean of ``1 - x^2`` where
    that is positive, and its mean weighted by itself, the size of the typical section.
    """
    share = np.linspace(0.0, 1.0, _NODES[0])[:, None, None]
    sigma = np.clip(share / np.maximum(1.0 - share, 1e-3), 1e-4, 1e3)
    centre = np.linspace(0.0, 1.0, _NODES[1])[None, :, None] * (1.0 + CUT * sigma)
    nodes, weights = np.polynomial.legendre.leggauss(48)
    low = np.clip(centre - 6.0 * sigma, -1.0, 1.0)
    high = np.clip(centre + 6.0 * sigma, -1.0, 1.0)
    x = (low + high) / 2.0 + (high - low) / 2.0 * nodes
    normal = np.exp(-0.5 * ((x - centre) / sigma) ** 2) / (sigma * np.sqrt(2.0 * np.pi))
    measure = normal * weights * (high - low) / 2.0
    section = 1.0 - x**2
    first = (section * measure).sum(-1)
    second = (section**2 * measure).sum(-1)
    typical = second / np.maximum(first, 1e-300)
    return first, np.where(first > 1e-200, typical, 0.0)
