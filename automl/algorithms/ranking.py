"""Losses as models that only rank them need them: finite, and no two alike."""

from __future__ import annotations

import math
import sys

FAILED = sys.float_info.max / 2  # below every loss that can be told, and still finite


class DistinctLosses:
    """Makes each loss differ from all before it, by the smallest step that does.

    Validation accuracies on a few hundred images tie all the time. The models split results by
    `numpy.argsort`, which orders ties as the processor's vector instructions have it; without
    ties one seed is one search on every machine. Of equal losses the one told first is better.
    """

    def __init__(self) -> None:
        self._seen: set[float] = set()

    def distinct(self, loss: float | None) -> float:
        """Return `loss`, or a number next to it; None (failed) ranks below every loss."""
        value = FAILED if loss is None else loss
        while value in self._seen:
            value = math.nextafter(value, math.inf)
        self._seen.add(value)
        return value
