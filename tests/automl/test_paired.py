"""Paired tests and corrections against scipy, statsmodels and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests

from automl.paired import (
    Discordance,
    difference_interval,
    discordance,
    holm,
    mcnemar,
    rank_test,
)

counts = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 300))


def pair_of(only_first, only_second, alike):
    return Discordance(only_first + only_second + alike, only_first, only_second)


def test_discordance_counts_images_by_who_is_right():
    pair = discordance([1, 1, 0, 0, 1], [1, 0, 1, 1, 1])
    assert (pair.n, pair.only_first, pair.only_second) == (5, 1, 2)
    assert pair.difference == pytest.approx(3 / 5 + 1 / 5 - 3 / 5)
    for bad in ([], [1, 0, 1, 1]), ([1], [[1]]), ([], []):
        with pytest.raises(ValueError, match="no pairs of images"):
            discordance(*bad)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_the_difference_is_that_of_the_accuracies_and_changes_sign_with_the_order(images):
    first, second = zip(*images, strict=True)
    pair, turned = discordance(first, second), discordance(second, first)
    assert pair.difference == pytest.approx(np.mean(second) - np.mean(first))
    assert turned.difference == -pair.difference
    assert mcnemar(turned) == pytest.approx(mcnemar(pair))


@given(counts)
def test_mcnemar_is_statsmodels_exact(case):
    pair = pair_of(*case)
    table = [[case[2], pair.only_first], [pair.only_second, 0]]
    if pair.only_first + pair.only_second:
        expected = statsmodels_mcnemar(table, exact=True).pvalue
        assert mcnemar(pair) == pytest.approx(expected, rel=1e-9)
    else:
        assert mcnemar(pair) == 1.0


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    # A fair coin by hand: 2 · (1 + 10) / 2¹⁰; 2 / 2⁵; as many heads as tails.
    [(1, 9, 22 / 1024), (0, 5, 1 / 16), (4, 4, 1.0)],
)
def test_mcnemar_by_hand(only_first, only_second, p):
    assert mcnemar(pair_of(only_first, only_second, 100)) == pytest.approx(p)


def test_the_interval_is_the_bootstrap_over_images():
    rng = np.random.default_rng(0)
    first, second = rng.random(300) < 0.85, rng.random(300) < 0.9
    low, high = difference_interval(discordance(first, second), seed=0, resamples=50_000)
    expected = scipy.stats.bootstrap(
        (second.astype(float) - first,), np.mean, method="percentile", n_resamples=50_000,
        rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert (low, high) == pytest.approx(tuple(expected), abs=4e-3)


def test_the_interval_is_seeded_and_grows_with_its_confidence():
    pair = pair_of(12, 20, 200)
    assert difference_interval(pair, seed=1) == difference_interval(pair, seed=1)
    narrow = difference_interval(pair, seed=1, confidence=0.5)
    wide = difference_interval(pair, seed=1, confidence=0.99)
    assert wide[0] < narrow[0] <= pair.difference <= narrow[1] < wide[1]
    assert difference_interval(pair_of(0, 0, 7), seed=0) is None
    with pytest.raises(ValueError, match="confidence"):
        difference_interval(pair, seed=0, confidence=95)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    # 91 images as the paper's real test split; the truth is +6 points.
    rng = np.random.default_rng(3)
    shares = [0.05, 0.11, 0.84]
    covered = 0
    for repetition in range(600):
        only_first, only_second, alike = rng.multinomial(91, shares)
        pair = pair_of(int(only_first), int(only_second), int(alike))
        low, high = difference_interval(pair, seed=repetition, resamples=2000)
        covered += low <= shares[1] - shares[0] <= high
    # 95 % promised; the percentile bootstrap of so few images holds a little less.
    assert 0.91 <= covered / 600 <= 0.98


# Few: one call of statsmodels takes longer than all of ours.
@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_statsmodels(p_values):
    expected = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(expected.tolist(), abs=1e-12)


def test_holm_by_hand_and_bad_input():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    for bad in ([-0.1], [1.1], [math.nan]):
        with pytest.raises(ValueError, match="between 0 and 1"):
            holm(bad)


@given(
    st.lists(st.integers(0, 1000), min_size=10, max_size=10, unique=True),
    st.integers(3, 7),
)
def test_the_rank_test_without_ties_is_scipys_exact_one(values, cut):
    first, second = values[:cut], values[cut:]
    expected = scipy.stats.mannwhitneyu(second, first, method="exact")
    found = rank_test(first, second)
    assert (found.u, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    above = np.mean([b > a for a in first for b in second])
    assert found.superiority == pytest.approx(above)


def test_the_rank_test_by_hand():
    # Of the 252 ways to split ten values two are as far apart as these.
    assert rank_test([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]).p == pytest.approx(2 / 252)
    # With ties too: two of the C(6, 3) = 20 splits are as far apart.
    tied = rank_test([1, 1, 1], [2, 2, 2])
    assert (tied.u, tied.superiority) == (9.0, 1.0)
    assert tied.p == pytest.approx(2 / 20)
    assert rank_test([1, 1], [1, 1]).p == pytest.approx(1.0)
    for bad in ([], [1.0]), ([math.nan], [1.0]):
        with pytest.raises(ValueError, match="two samples of finite numbers"):
            rank_test(*bad)
