"""Poisson counts by exact inversion of the cumulative distribution.

Every pixel's count is the quantile of one uniform number: the same stream gives the same
uniform number to the same pixel, so that two engines whose expectations agree closely give the
same counts in nearly all pixels. The quantile comes from its asymptotic series in the normal
quantile (Temme's expansion of the incomplete gamma function as used by Giles 2016, ACM TOMS
algorithm 955); where the series' error could change the count, it is compared with the
cumulative distribution itself. Small expectations are inverted term by term.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.special import pdtr

from diffranet.simulator.geometry import Float32Array, FloatArray
from diffranet.simulator.normal import normal_quantiles, open_uniform

BLOCK = 16384
"""Pixels drawn at a time: few enough to stay in the processor's cache."""
SERIES_FROM = 4.0
"""Smallest expectation for which the series is used."""
SERIES_REACH = 3.5
"""Largest normal quantile for which the bound on the series' error holds."""
MOST_TERMS = 64
"""Terms of the sum at an expectation below ``SERIES_FROM``: what is beyond is below 1e-50."""


def draw_poisson(rng: np.random.Generator, expected: npt.NDArray[np.floating]) -> Float32Array:
    """Draw a Poisson count for every pixel.

    Args:
        rng: Gives one uniform number per pixel.
        expected: Expected counts, any shape.

    Returns:
        Whole counts of the same shape; beyond 2^24 rounded to single precision.

    Raises:
        ValueError: An expectation is negative or not finite.
    """
    if expected.size and not (float(expected.min()) >= 0.0 and math.isfinite(expected.max())):
        raise ValueError("expected photons must be finite and not below zero")
    mean = np.ascontiguousarray(expected).reshape(-1)
    counts = np.empty(mean.size, dtype=np.float32)
    for start in range(0, mean.size, BLOCK):
        part = mean[start : start + BLOCK].astype(np.float64, copy=False)
        counts[start : start + BLOCK] = poisson_quantiles(part, open_uniform(rng, part.size))
    return counts.reshape(expected.shape)


def poisson_quantiles(mean: FloatArray, uniform: FloatArray) -> FloatArray:
    """Smallest counts whose cumulative probability reaches ``uniform``.

    Args:
        mean: Expected counts, finite and not below zero, shape (n,).
        uniform: Probabilities above 0 and below 1, shape (n,).
    """
    counts = np.empty_like(mean)
    doubtful = np.zeros(mean.size, dtype=np.bool_)
    _series(mean, normal_quantiles(uniform), counts, doubtful)
    _sum(mean, uniform, counts, doubtful)
    if doubtful.any():
        counts[doubtful] = _compared(mean[doubtful], uniform[doubtful], counts[doubtful])
    return counts


def _compared(mean: FloatArray, uniform: FloatArray, guess: FloatArray) -> FloatArray:
    """Quantiles by walking along the cumulative distribution from a guess nearby."""
    count = np.maximum(guess, 0.0)
    while (low := uniform > pdtr(count, mean)).any():
        count[low] += 1.0
    while (high := (count > 0.0) & (uniform <= pdtr(count - 1.0, mean))).any():
        count[high] -= 1.0
    return np.asarray(count)


@njit(cache=True, error_model="numpy")
def _series(
    mean: FloatArray, normal: FloatArray, out: FloatArray, doubtful: npt.NDArray[np.bool_]
) -> None:
    for i in range(mean.size):
        m = mean[i]
        w = normal[i]
        w2 = w * w
        inverse = 1.0 / m
        inverse_root = math.sqrt(inverse)
        quantile = (
            m
            + m * inverse_root * w
            + (1.0 / 3.0 + w2 / 6.0)
            - w * (1.0 / 36.0 + w2 / 72.0) * inverse_root
            + (-8.0 / 405.0 + w2 * (7.0 / 810.0 + w2 / 270.0)) * inverse
        )
        bound = (0.02 + 0.004 * abs(w) * w2 * w2) * inverse * inverse_root
        out[i] = math.floor(quantile)
        near = abs(quantile - math.floor(quantile + 0.5)) < bound
        doubtful[i] = near or not abs(w) < SERIES_REACH


@njit(cache=True, error_model="numpy")
def _sum(
    mean: FloatArray, uniform: FloatArray, out: FloatArray, doubtful: npt.NDArray[np.bool_]
) -> None:
    for i in range(mean.size):
        m = mean[i]
        if m >= SERIES_FROM:
            continue
        u = uniform[i]
        term = math.exp(-m)
        total = term
        count = 0
        while u > total and count < MOST_TERMS:
            count += 1
            term *= m / count
            total += term
        out[i] = count
        doubtful[i] = False
