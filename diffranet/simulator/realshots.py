"""The physical state of the shots of the real-like surrogate, and how it is drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from diffranet.domains import BINARY_CLASSES
from diffranet.simulator.crystal import random_quaternion

WAVELENGTH_A = 1.304
KAHN = 0.95
MOSAIC_ANGLES_DEG = (0.15, 0.3, 0.5)
LIGHTEST_CRYSTAL = 0.25
CRYSTAL_NAMES = ("photosystem II", "thaumatin", "lysozyme")


@dataclass(frozen=True)
class RealShot:
    """One exposure of the surrogate.

    Attributes:
        label: Index into ``BINARY_CLASSES``.
        intensity: Pulse energy relative to the synthetic domain's mean pulse.
        water_mm: Path through liquid water.
        gain: Counts per photon.
        parasitic: Mean slit and window scatter relative to the mean of water and air.
        tape_transmission: Of the half-plane that a tape covers; 1 without a tape.
        tape_angle_deg: Direction of the tape's edge.
        tape_edge: Distance of the edge from the frame's centre, in frame widths.
        ice: Peak of the ice rings relative to the mean background; 0 without ice.
        streak: Peak of the jet streak relative to the mean background; 0 without.
        streak_angle_deg: Direction of the streak from the slow axis.
        hot_pixels: Number of hot pixels in the frame.
        crystal: Name of the crystal, empty without one.
        crystal_scale: Illuminated crystal volume relative to 30 um cubed; 0 without a crystal.
        mosaic_deg: Largest rotation of its domains.
        quaternion: Its orientation (w, x, y, z).
    """

    label: int
    intensity: float
    water_mm: float
    gain: float
    parasitic: float
    tape_transmission: float
    tape_angle_deg: float
    tape_edge: float
    ice: float
    streak: float
    streak_angle_deg: float
    hot_pixels: int
    crystal: str
    crystal_scale: float
    mosaic_deg: float
    quaternion: tuple[float, float, float, float]


def draw_real_shot(rng: np.random.Generator, label: int) -> RealShot:
    """Draw the state of an exposure, given whether a crystal diffracts (``BINARY_CLASSES``)."""
    hit = BINARY_CLASSES[label] == "diffraction"
    taped, iced, streaked = rng.random(3) < (0.5, 0.1, 0.1)
    return RealShot(
        label=label,
        intensity=rng.uniform(0.15, 0.6),
        water_mm=rng.uniform(0.015, 0.060),
        gain=0.5 * (1.0 + 0.1 * float(rng.standard_normal())),
        parasitic=rng.uniform(0.02, 0.30),
        tape_transmission=rng.uniform(0.6, 0.9) if taped else 1.0,
        tape_angle_deg=rng.uniform(0.0, 360.0),
        tape_edge=rng.uniform(-0.25, 0.25),
        ice=rng.uniform(0.2, 1.5) if iced else 0.0,
        streak=rng.uniform(2.0, 10.0) if streaked else 0.0,
        streak_angle_deg=rng.uniform(-60.0, 60.0),
        hot_pixels=int(rng.poisson(5.0)),
        crystal=CRYSTAL_NAMES[rng.integers(len(CRYSTAL_NAMES))] if hit else "",
        crystal_scale=math.exp(rng.uniform(math.log(LIGHTEST_CRYSTAL), 0.0)) if hit else 0.0,
        mosaic_deg=MOSAIC_ANGLES_DEG[rng.integers(len(MOSAIC_ANGLES_DEG))] if hit else 0.0,
        quaternion=random_quaternion(rng),
    )
