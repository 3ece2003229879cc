"""Means with their intervals, and paired differences with a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from automl.statistics import mean_interval

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Mean:
    """A mean over seeds with its Student-t interval."""

    seeds: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """Ours minus theirs, seed by seed; lower is better.

    Attributes:
        mean: Mean difference with its interval.
        p: Of Wilcoxon's signed-rank test, two-sided; 1 where no seed differs.
        verdict: `better` or `worse` where the interval leaves out 0, else `not worse`.
    """

    mean: Mean
    p: float
    verdict: str


def mean_of(values: Sequence[float]) -> Mean:
    """The mean of one number a seed.

    Raises:
        ValueError: There are fewer than two values.
    """
    interval = mean_interval(values, CONFIDENCE)
    if interval is None:
        raise ValueError(f"{len(values)} seeds have no interval: give at least 2")
    return Mean(len(values), float(np.mean(values)), *interval)


def paired(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """Compare two methods that were run on the same seeds, in the same order.

    Raises:
        ValueError: The lengths differ, or there are fewer than two seeds.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} and {len(theirs)} values cannot be paired")
    differences = np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float)
    mean = mean_of(differences.tolist())
    p = float(stats.wilcoxon(differences).pvalue) if differences.any() else 1.0
    verdict = "better" if mean.high < 0 else "worse" if mean.low > 0 else "not worse"
    return Difference(mean, p, verdict)
