"""Tests and intervals for two or more models, on the same images or over several seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import PermutationMethod, binomtest, mannwhitneyu

from automl.statistics import Interval

_EXACT = 20_000
"""Ways to split two samples up to which a rank test with ties goes through all of them."""


@dataclass(frozen=True)
class Discordance:
    """Two models on the same images.

    Attributes:
        n: images.
        only_first: images that the first alone classifies rightly.
        only_second: images that the second alone classifies rightly.
    """

    n: int
    only_first: int
    only_second: int

    @property
    def difference(self) -> float:
        """Accuracy of the second minus that of the first."""
        return (self.only_second - self.only_first) / self.n


def discordance(first: npt.ArrayLike, second: npt.ArrayLike) -> Discordance:
    """Count the images that one of two models classifies rightly and the other does not.

    Args:
        first: (n,), whether the first model is right on each image.
        second: (n,), the same images in the same order.

    Raises:
        ValueError: The shapes differ, or there are no images.
    """
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if a.ndim != 1 or a.shape != b.shape or not len(a):
        raise ValueError(f"discordance: shapes {a.shape} and {b.shape} are no pairs of images")
    return Discordance(len(a), int((a & ~b).sum()), int((b & ~a).sum()))


def mcnemar(pair: Discordance) -> float:
    """Exact two-sided McNemar test: may both models be right equally often (McNemar 1947)?

    Returns:
        The p-value of a fair coin for the images that tell the two apart; 1 where none does.
    """
    apart = pair.only_first + pair.only_second
    return float(binomtest(pair.only_first, apart, 0.5).pvalue) if apart else 1.0


def difference_interval(
    pair: Discordance, *, seed: int, confidence: float = 0.95, resamples: int = 10_000
) -> Interval | None:
    """Percentile-bootstrap interval of :attr:`Discordance.difference` (Efron 1979).

    Images are resampled in pairs. A pair has one of three outcomes, so that a resample is one
    multinomial draw.

    Args:
        pair: The two models.
        seed: of the resampling; the same seed gives the same interval.
        confidence: two-sided coverage.
        resamples: bootstrap samples drawn.

    Returns:
        (low, high), or ``None`` where no image tells the two apart: resampling shows no spread.

    Raises:
        ValueError: A confidence outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    if pair.only_first + pair.only_second == 0:
        return None
    alike = pair.n - pair.only_first - pair.only_second
    shares = np.array([pair.only_first, pair.only_second, alike]) / pair.n
    draws = np.random.default_rng(seed).multinomial(pair.n, shares, size=resamples)
    tail = (1 - confidence) / 2
    low, high = np.quantile((draws[:, 1] - draws[:, 0]) / pair.n, [tail, 1 - tail])
    return float(low), float(high)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given (Holm 1979).

    Rejecting where they are at most α keeps the chance of any false rejection at α.

    Raises:
        ValueError: A value lies outside [0, 1].
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError("holm: p-values lie between 0 and 1")
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


@dataclass(frozen=True)
class RankTest:
    """Mann-Whitney U test of two samples.

    Attributes:
        u: of the second sample.
        superiority: chance that one of the second exceeds one of the first, ties counted half.
        p: two-sided.
    """

    u: float
    superiority: float
    p: float


def rank_test(first: Sequence[float], second: Sequence[float]) -> RankTest:
    """Mann-Whitney U test (Mann and Whitney 1947), exact for samples as small as seeds are.

    Raises:
        ValueError: A sample is empty or holds a number that is not finite.
    """
    values = [*first, *second]
    if not first or not second or not all(map(math.isfinite, values)):
        raise ValueError("rank_test: two samples of finite numbers are needed")
    ties = len(set(values)) < len(values)
    splits = math.comb(len(values), len(first))
    # With ties the exact distribution of U does not hold; all splits of the sample do.
    method = PermutationMethod(n_resamples=_EXACT) if ties and splits <= _EXACT else "auto"
    found = mannwhitneyu(second, first, alternative="two-sided", method=method)
    u = float(found.statistic)
    return RankTest(u, u / (len(first) * len(second)), float(found.pvalue))
