"""Where a search's random numbers come from, for libraries that disagree on it."""

from __future__ import annotations

import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from automl.algorithms.randomness import as_numpy_global


def stream_seed(seed: int, stream: str) -> int:
    """A 31-bit seed for one library's search of one seed, independent of the others'."""
    sequence = np.random.SeedSequence([seed, zlib.crc32(stream.encode())])
    return int(sequence.generate_state(1)[0]) >> 1


@contextmanager
def foreign(seed: int) -> Iterator[None]:
    """Run a library that draws from NumPy's global generator and warns of its own dependencies.

    The global generator starts at `seed`, and is as it was on leaving.
    """
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            as_numpy_global(np.random.RandomState(seed)),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
