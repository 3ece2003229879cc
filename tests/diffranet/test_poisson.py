"""Poisson counts and normal numbers: exact in distribution, and functions of the seed alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from diffranet.simulator.normal import normal_quantiles, open_uniform
from diffranet.simulator.poisson import (
    BLOCK,
    SERIES_FROM,
    SERIES_REACH,
    _series,
    draw_poisson,
    poisson_quantiles,
)


def grid(n: int) -> np.ndarray:
    """Probabilities over the whole range, dense at both ends."""
    tails = np.logspace(-15, -1, n)
    return np.sort(np.concatenate([tails, np.linspace(0.1, 0.9, n), 1.0 - tails]))


def test_normal_quantiles_are_exact() -> None:
    uniform = np.concatenate([grid(5000), [2.0**-54, 1e-300, 0.075, 0.925, 1 - 2.0**-53]])
    np.testing.assert_allclose(
        normal_quantiles(uniform), special.ndtri(uniform), rtol=2e-14, atol=1e-15
    )


def test_uniform_numbers_exclude_both_ends() -> None:
    class Zeros:
        def random(self, n: int) -> np.ndarray:
            return np.zeros(n)

    assert np.isfinite(normal_quantiles(open_uniform(Zeros(), 3))).all()


@pytest.mark.parametrize(
    "mean", [1e-9, 1e-3, 0.3, 1.0, 3.999, 4.0, 4.5, 7.3, 12.0, 33.3, 100.0, 987.6, 1e4, 1e5]
)
def test_quantiles_are_those_of_the_distribution(mean: float) -> None:
    uniform = grid(3000)
    found = poisson_quantiles(np.full(uniform.size, mean), uniform)
    assert (uniform <= special.pdtr(found, mean) + 4e-16 + 1e-14 * uniform).all()
    positive = found > 0
    below = special.pdtr(found[positive] - 1.0, mean)
    assert (uniform[positive] >= below - 4e-16 - 1e-14 * below).all()


@given(
    mean=st.floats(SERIES_FROM, 1e7),
    normal=st.floats(-SERIES_REACH, SERIES_REACH, exclude_min=True, exclude_max=True),
)
@settings(max_examples=400, deadline=None)
def test_the_series_error_is_within_its_bound(mean: float, normal: float) -> None:
    # A count that the series does not call doubtful is the quantile.
    count, doubtful = np.zeros(1), np.zeros(1, dtype=bool)
    _series(np.array([mean]), np.array([normal]), count, doubtful)
    if not doubtful[0]:
        tolerance = 1e-9  # of the probabilities, far below what a count is worth here
        assert special.ndtr(normal) <= special.pdtr(count[0], mean) + tolerance
        if count[0] > 0:
            assert special.ndtr(normal) >= special.pdtr(count[0] - 1.0, mean) - tolerance


@pytest.mark.parametrize("mean", [0.02, 0.7, 3.9, 4.1, 11.0, 150.0, 2500.0, 1e5])
def test_counts_follow_the_distribution(mean: float) -> None:
    n = 200_000
    counts = draw_poisson(np.random.default_rng(17), np.full(n, mean)).astype(np.int64)
    assert counts.mean() == pytest.approx(mean, abs=5 * np.sqrt(mean / n))
    # Classes of about equal probability, from the distribution alone.
    edges = np.unique(stats.poisson.ppf(np.linspace(0, 1, 42)[1:-1], mean))
    cumulative = np.concatenate([[0.0], stats.poisson.cdf(edges, mean), [1.0]])
    expected = n * np.diff(cumulative)
    found = np.bincount(np.searchsorted(edges, counts), minlength=len(expected))
    keep = expected > 0
    statistic = ((found - expected)[keep] ** 2 / expected[keep]).sum()
    assert stats.chi2.sf(statistic, keep.sum() - 1) > 1e-3


def test_neighbours_are_independent() -> None:
    counts = draw_poisson(np.random.default_rng(3), np.full((512, 512), 50.0))
    centred = (counts - 50.0) / np.sqrt(50.0)
    for shifted in (centred[1:] * centred[:-1], centred[:, 1:] * centred[:, :-1]):
        assert abs(shifted.mean()) < 5 / np.sqrt(shifted.size)


def test_counts_depend_on_the_seed_and_their_own_expectation_alone() -> None:
    rng = np.random.default_rng
    expected = np.random.default_rng(0).uniform(0, 300, (3, BLOCK // 2 + 7))
    counts = draw_poisson(rng(5), expected)
    assert np.array_equal(counts, draw_poisson(rng(5), expected))
    assert not np.array_equal(counts, draw_poisson(rng(6), expected))
    changed = expected.copy()
    changed[1, 100] = 0.0
    changed[2, 5] = 1e6
    differ = counts != draw_poisson(rng(5), changed)
    assert differ[1, 100]
    assert differ[2, 5]
    assert differ.sum() == 2


def test_more_light_never_gives_fewer_counts() -> None:
    expected = np.random.default_rng(0).uniform(0, 30, 20_000)
    fewer = draw_poisson(np.random.default_rng(1), expected)
    more = draw_poisson(np.random.default_rng(1), expected * 1.01 + 1e-3)
    assert (more >= fewer).all()
    assert (more > fewer).any()


def test_single_precision_and_strided_images_are_taken_as_they_are() -> None:
    expected = np.random.default_rng(0).uniform(0, 100, (40, 60)).astype(np.float32)
    counts = draw_poisson(np.random.default_rng(1), expected)
    assert counts.dtype == np.float32
    twice = draw_poisson(np.random.default_rng(1), np.repeat(expected, 2, axis=1)[:, ::2])
    assert np.array_equal(counts, twice)


def test_dark_pixels_are_dark_and_empty_images_empty() -> None:
    assert not draw_poisson(np.random.default_rng(0), np.zeros(1000)).any()
    assert draw_poisson(np.random.default_rng(0), np.zeros((0, 4))).shape == (0, 4)


@pytest.mark.parametrize("bad", [-1e-9, float("nan"), float("inf")])
def test_bad_expectations_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite and not below zero"):
        draw_poisson(np.random.default_rng(0), np.array([1.0, bad, 2.0]))
