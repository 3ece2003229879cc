"""Mosaic domains: the small misorientations of the blocks that make up a real crystal."""

from __future__ import annotations

import numpy as np

from diffranet.simulator.geometry import FloatArray


def domain_rotations(rng: np.random.Generator, n: int, max_angle_deg: float) -> FloatArray:
    """Draw domain rotations by nanoBragg's recipe.

    The axis is uniform on the sphere; the angle is ``max * (1 - r^2)^(1/3)`` with r uniform in
    [-1, 1]. The first domain is never rotated.

    Args:
        rng: Source of randomness.
        n: Number of domains, at least 1.
        max_angle_deg: Largest rotation. nanoBragg's ``-mosaic`` is this half-width, although
            the paper words its 0.5 degrees as a diameter (Appendix A).

    Returns:
        Rotation matrices, shape (n, 3, 3).
    """
    if n < 1:
        raise ValueError(f"a crystal needs at least one mosaic domain, got {n}")
    azimuth, height, r = rng.uniform(-1.0, 1.0, size=(3, n))
    radius = np.sqrt(1.0 - height**2)
    axis = np.stack([radius * np.sin(np.pi * azimuth), radius * np.cos(np.pi * azimuth), height])
    angle = np.radians(max_angle_deg) * np.cbrt(1.0 - r**2)
    angle[0] = 0.0
    return _axis_angle(axis.T, angle)


def _axis_angle(axis: FloatArray, angle: FloatArray) -> FloatArray:
    """Rodrigues' formula for many rotations at once: (n, 3), (n,) -> (n, 3, 3)."""
    x, y, z = axis.T
    zero = np.zeros_like(x)
    cross = np.stack(
        [np.stack([zero, -z, y], -1), np.stack([z, zero, -x], -1), np.stack([-y, x, zero], -1)], 1
    )
    sin = np.sin(angle)[:, None, None]
    versine = (1.0 - np.cos(angle))[:, None, None]
    return np.asarray(np.eye(3) + sin * cross + versine * (cross @ cross))


def largest_angle(rotations: FloatArray) -> float:
    """Largest rotation angle among the domains (n, 3, 3), radians."""
    # The antisymmetric part keeps full precision near zero, where the trace loses it.
    twist = np.stack(
        [
            rotations[:, 2, 1] - rotations[:, 1, 2],
            rotations[:, 0, 2] - rotations[:, 2, 0],
            rotations[:, 1, 0] - rotations[:, 0, 1],
        ]
    )
    cosine = (np.trace(rotations, axis1=1, axis2=2) - 1.0) / 2.0
    return float(np.arctan2(np.linalg.norm(twist, axis=0) / 2.0, cosine).max())
