"""How far an image is from its reference."""

from __future__ import annotations

import numpy as np

from diffranet.simulator.geometry import FloatArray


def agreement(found: FloatArray, expected: FloatArray) -> dict[str, float | None]:
    """How far an image is from its reference.

    Args:
        found: The image, (slow, fast).
        expected: The reference, of the same shape.

    Returns:
        ``max_abs_over_max``: largest difference over the reference's maximum; ``l1``: sum of
        absolute differences over the reference's sum; ``correlation``: Pearson's, over pixels;
        ``sum_ratio``: of the sums. None where the reference gives nothing to divide by.
    """
    difference = np.abs(found - expected)
    total = float(expected.sum())
    spreads = float(found.std() * expected.std())
    covariance = float(((found - found.mean()) * (expected - expected.mean())).mean())
    return {
        "max_abs_over_max": _ratio(float(difference.max()), float(expected.max())),
        "l1": _ratio(float(difference.sum()), total),
        "correlation": _ratio(covariance, spreads),
        "sum_ratio": _ratio(float(found.sum()), total),
    }


def _ratio(value: float, scale: float) -> float | None:
    return value / scale if scale > 0.0 else None
