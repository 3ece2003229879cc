"""The physical state of every shot, and the class that follows from it.

The paper describes the state (Appendix A) but not how its five classes were cut. This recipe is
fitted to the class counts of the paper's test set: 16.4 % blank is the share of pulses whose
Gaussian intensity falls below zero; 31 % of the lit shots miss the crystal; and 46, 34 and 20 %
of the hits are weak, good and strong, which are those shares of the logarithmic range of the
illuminated crystal volume.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diffranet.domains import BINARY_CLASSES, CLASSES, SYNTHETIC
from diffranet.simulator.crystal import random_quaternion
from diffranet.simulator.randomness import ORDER, set_stream
from diffranet.simulator.setup import BeamSetup

PAPER_BEAM = BeamSetup()
CRYSTAL_SCALE_EDGES = (0.02, 0.12, 0.457, 1.0)
"""Illuminated crystal volume, as a share of the whole, between weak, good and strong."""

PAPER_TEST_COUNTS = (2069, 3268, 3346, 2444, 1472)
"""Images per class in the paper's synthetic test set (Table 6)."""
REAL_WEIGHTS = (1, 1)
"""The surrogate of the real images has as many shots with diffraction as without."""

BALANCES = ("paper", "balanced")


@dataclass(frozen=True)
class Shot:
    """One X-ray pulse and what it met.

    Attributes:
        label: Index into ``CLASSES``.
        intensity: Pulse energy relative to the mean pulse; 0 for a blank.
        wavelength: Angstrom.
        crystal_scale: Illuminated crystal volume relative to a whole crystal (30 um cubed in the
            paper); 0 without a crystal.
        quaternion: Orientation (w, x, y, z) of the crystal.
    """

    label: int
    intensity: float
    wavelength: float
    crystal_scale: float
    quaternion: tuple[float, float, float, float]


def draw_shot(rng: np.random.Generator, label: int, beam: BeamSetup = PAPER_BEAM) -> Shot:
    """Draw the state of a shot, given the class that it must end in.

    Args:
        rng: The shot's stream.
        label: Index into ``CLASSES``.
        beam: Mean wavelength and its spread.
    """
    blank, no_crystal = CLASSES.index("blank"), CLASSES.index("no-crystal")
    intensity = 0.0
    while label != blank and intensity <= 0.0:
        intensity = float(rng.normal(1.0, 1.0))
    wavelength = beam.wavelength * (1.0 + beam.wavelength_spread * float(rng.standard_normal()))
    scale = 0.0
    if label > no_crystal:
        low, high = np.log(CRYSTAL_SCALE_EDGES[label - 2 : label])
        scale = math.exp(rng.uniform(low, high))
    return Shot(label, intensity, wavelength, scale, random_quaternion(rng))


def quotas(n: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Split n images over classes by weight: largest remainders, none left empty.

    Raises:
        ValueError: There are fewer images than classes.
    """
    if n < len(weights):
        raise ValueError(f"{n} images cannot fill {len(weights)} classes")
    shares = np.asarray(weights) * n / sum(weights)
    counts = np.maximum(np.floor(shares).astype(int), 1)
    while counts.sum() < n:
        counts[int(np.argmax(shares - counts))] += 1
    while counts.sum() > n:
        counts[int(np.argmin(np.where(counts > 1, shares - counts, np.inf)))] -= 1
    return tuple(counts.tolist())


def class_weights(domain: str, balance: str) -> tuple[int, ...]:
    """Relative frequency of each class of a domain."""
    if domain != SYNTHETIC.name:
        return REAL_WEIGHTS
    return PAPER_TEST_COUNTS if balance == "paper" else (1,) * len(CLASSES)


def split_labels(seed: int, domain: str, split: str, n: int, balance: str) -> npt.NDArray[np.int64]:
    """Class of every image of a split, (n,), shuffled so that no run of a class stands out."""
    counts = quotas(n, class_weights(domain, balance))
    labels = np.repeat(np.arange(len(counts)), counts)
    return set_stream(seed, domain, split, ORDER).permutation(labels)


def class_name(domain: str, label: int) -> str:
    """Name of a class of a domain."""
    return (CLASSES if domain == SYNTHETIC.name else BINARY_CLASSES)[label]
