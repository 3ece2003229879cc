"""Where random numbers come from: streams derived from one seed, none of them global."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


def derived_seeds(seed: int, count: int) -> list[int]:
    """`count` independent 32-bit seeds, always the same for the same `seed`."""
    return [int(value) for value in np.random.SeedSequence(seed).generate_state(count)]


def numbered_seed(seed: int, number: int) -> int:
    """The 32-bit seed of suggestion `number`, independent of every other suggestion's."""
    sequence = np.random.SeedSequence(seed, spawn_key=(number,))
    return int(sequence.generate_state(1)[0])


@contextmanager
def as_numpy_global(state: np.random.RandomState) -> Iterator[None]:
    """Let `state` stand in for NumPy's global generator, for code that draws from nothing else.

    On leaving, `state` has advanced by what was drawn and the global generator is as it was,
    also after an exception. Not for use from several threads at once.
    """
    outer = np.random.get_state(legacy=False)  # noqa: NPY002 - put back below
    np.random.set_state(state.get_state(legacy=False))  # noqa: NPY002
    try:
        yield
    finally:
        state.set_state(np.random.get_state(legacy=False))  # noqa: NPY002
        np.random.set_state(outer)  # noqa: NPY002
