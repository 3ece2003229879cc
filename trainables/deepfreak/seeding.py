"""Independent random streams of one seed; each is a function of (seed, purpose, epoch) alone.

No generator's state has to be saved: epoch 7 draws the same whether the epochs before it ran in
this process or in another.
"""

from enum import IntEnum

import numpy as np
import torch


class Stream(IntEnum):
    """What random numbers are drawn for."""

    INITIALISATION = 0
    ORDER = 1
    AUGMENTATION = 2
    INTENSITY = 3


def numpy_generator(seed: int, stream: Stream, epoch: int = 0) -> np.random.Generator:
    """A generator of one stream of a (non-negative) seed at one epoch."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(stream), epoch)))


def torch_generator(seed: int, stream: Stream, epoch: int = 0) -> torch.Generator:
    """The same as a torch generator on the CPU."""
    number = int(numpy_generator(seed, stream, epoch).integers(2**63 - 1))
    return torch.Generator().manual_seed(number)
