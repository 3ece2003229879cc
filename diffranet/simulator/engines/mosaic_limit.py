"""The distribution of mosaic domains in closed form: what share of them lights a point.

A rotation by the vector rho tilts a reciprocal vector g by the component of rho across g. For
nanoBragg's domains (axis uniform on the sphere, angle ``m (1 - r^2)^(1/3)`` with r uniform)
rho has the density ``3/(8 pi) (1 - |rho|^3)^(-1/2)`` in units of m, and the tilt its integral along
g. A point near g is lit by those domains whose tilt falls into a disc, the section of the spot.
Tilts are measured as chords, ``2 sin(chi/2)``, of which areas on the sphere are those in the plane.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from diffranet.simulator.geometry import FloatArray

NODES = 49
_SMALLEST = 1e-3


def tilt_density(tilt: FloatArray) -> FloatArray:
    """Density of the tilt per unit area of the plane of tilts, at radii 0 to 1 (units of m)."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    # Along g, at sqrt(1 - t^2) sin(a): the substitution takes the root's singularity away.
    angle = (nodes + 1.0) * np.pi / 4.0
    t = np.asarray(tilt, dtype=np.float64)[..., None]
    squared = t**2 + (1.0 - t**2) * np.sin(angle) ** 2
    rho = np.sqrt(squared)
    integrand = np.sqrt((1.0 + rho) / (1.0 + rho + squared))
    return np.asarray(3.0 / (4.0 * np.pi) * (integrand * weights * np.pi / 4.0).sum(-1))


def share_in_disc(distance: FloatArray, radius: FloatArray) -> FloatArray:
    """Share of the domains whose tilt falls into a disc.

    Args:
        distance: Of the disc's centre from no tilt, in units of m.
        radius: Of the disc, in units of m; broadcast against the distance.
    """
    x, b = np.broadcast_arrays(np.asarray(distance, float), np.asarray(radius, float))
    grid = np.linspace(0.0, 1.0, 2001)
    density = tilt_density(grid)
    rings = 2.0 * np.pi * grid * density
    within = np.concatenate([[0.0], np.cumsum((rings[1:] + rings[:-1]) / 2.0 * np.diff(grid))])
    within /= within[-1]
    low, high = np.clip(np.abs(x - b), 0.0, 1.0), np.clip(x + b, 0.0, 1.0)
    nodes, weights = np.polynomial.legendre.leggauss(48)
    # Both ends of the arc's cosine have a root: sines as nodes again.
    sines = np.sin(nodes * np.pi / 2.0)
    half = (high - low)[..., None] / 2.0
    t = (low + high)[..., None] / 2.0 + half * sines
    measure = half * np.cos(nodes * np.pi / 2.0) * np.pi / 2.0 * weights
    x, b = x[..., None], b[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = (t**2 + x**2 - b**2) / (2.0 * t * x)
    cosine = np.where(x * t > 1e-12, cosine, np.where(t < b, -1.0, 1.0))
    arc = 2.0 * np.arccos(np.clip(cosine, -1.0, 1.0))
    whole = np.interp(np.clip(b - x, 0.0, 1.0)[..., 0], grid, within)
    return np.asarray(whole + (t * np.interp(t, grid, density) * arc * measure).sum(-1))


@lru_cache(maxsize=1)
def share_tables() -> tuple[FloatArray, FloatArray]:
    """Shares on regular grids, for the kernel to interpolate.

    With b the disc's radius and x its distance from no tilt, both in units of m.

    Returns:
        For b from 0 to 1 (rows) the mean density in the disc, (NODES, 2 NODES): over x from 0 to
        1, good for x + b <= 1, and beside it over (x - 1)/b from -1 to 1. For 1/b from 0 to 1
        (rows) the share over x - b from -1 to 1, (NODES, NODES).
    """
    unit = np.linspace(0.0, 1.0, NODES)
    small = np.maximum(unit, _SMALLEST)[:, None]
    both = np.linspace(-1.0, 1.0, NODES)[None, :]
    # Beyond x + b = 1 no entry is asked for but by interpolation; the nearest valid one stands in.
    inner_x = np.minimum(unit[None, :], 1.0 - small)
    disc = np.pi * small**2
    inner = share_in_disc(np.maximum(inner_x, 0.0), small) / disc
    edge = share_in_disc(np.abs(1.0 + both * small), small) / disc
    wide = share_in_disc(1.0 / small + both, 1.0 / small)
    edge[:, -1] = 0.0
    wide[:, -1] = 0.0
    wide[:, 0] = 1.0
    return np.hstack([inner, edge]), wide


@lru_cache(maxsize=1)
def line_table() -> FloatArray:
    """Integrals of the density along lines through the plane of tilts, (NODES, NODES).

    Over (p, y), both 0 to 1: along the line at the distance p from no tilt, from its middle to the
    share y of its half chord, per half chord.
    """
    p = np.linspace(0.0, 1.0, NODES)[:, None]
    y = np.linspace(0.0, 1.0, NODES)[None, :]
    nodes, weights = np.polynomial.legendre.leggauss(16)
    part = y[..., None] * (nodes + 1.0) / 2.0
    density = tilt_density(np.sqrt(p[..., None] ** 2 + (1.0 - p[..., None] ** 2) * part**2))
    return np.asarray((density * weights).sum(-1) * y / 2.0)
