"""One independent random stream for each purpose of each image."""

from __future__ import annotations

import numpy as np

# Purposes and places are numbered for good: a changed number would change every image.
SHOT, MOSAIC, NOISE = 0, 1, 2
ORDER, CALIBRATION = 3, 4
PLACES = {
    ("synthetic", "train"): 0,
    ("synthetic", "validation"): 1,
    ("synthetic", "test"): 2,
    ("real_raw", "validation"): 3,
    ("real_raw", "test"): 4,
}


def image_stream(
    seed: int, domain: str, split: str, index: int, purpose: int
) -> np.random.Generator:
    """Generator of one purpose of one image; the same arguments give the same numbers."""
    key = (PLACES[domain, split], index, purpose)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def set_stream(seed: int, domain: str, split: str, purpose: int) -> np.random.Generator:
    """Generator of something that a whole split, or the detector before it, has in common."""
    key = (PLACES[domain, split], purpose)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
