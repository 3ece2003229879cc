"""The latency of a model: milliseconds from one image to its probabilities."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from automl.plugins import FittedModel, Images

IMAGES = 15
"""Images that are timed, spread evenly over the split, which has its classes behind each other."""
LEAST = 3
SECONDS = 1.0
"""After so long no further image is timed, if `LEAST` were."""


def latency_ms(
    model: FittedModel, images: Images, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the median milliseconds of predictions of single images, with one thread.

    The first of them is not counted: it compiles and fills caches. Images lie in memory; whatever
    the model does with them, such as features, is within the time.

    Args:
        model: As it was loaded from its file.
        images: (n, h, w) uint8, at least one; of them up to `IMAGES` are predicted.
        clock: Gives seconds.
    """
    chosen = np.unique(np.linspace(0, len(images) - 1, IMAGES).astype(int))
    single = [np.array(images[index : index + 1]) for index in chosen]
    taken: list[float] = []
    with threadpool_limits(1):
        model.predict_proba(single[0])
        for image in single:
            begin = clock()
            model.predict_proba(image)
            taken.append(clock() - begin)
            if len(taken) >= LEAST and sum(taken) >= SECONDS:
                break
    return round(1e3 * median(taken), 4)
