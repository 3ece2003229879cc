"""Intervals against scipy and statsmodels, confusion figures against the paper's tables."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support
from statsmodels.stats.proportion import proportion_confint

from automl import paper
from automl.statistics import (
    binary_summary,
    bootstrap_band,
    collapse,
    mean_interval,
    precision_recall,
    wilson_interval,
)

proportions = st.integers(1, 20000).flatmap(
    lambda n: st.tuples(st.integers(0, n), st.just(n), st.floats(0.5, 0.999))
)


def test_wilson_of_the_papers_best_real_result():
    low, high = wilson_interval(86, 91)
    assert (round(100 * low, 1), round(100 * high, 1)) == (87.8, 97.6)


@given(proportions)
def test_wilson_is_statsmodels(case):
    correct, n, confidence = case
    low, high = wilson_interval(correct, n, confidence)
    expected = proportion_confint(correct, n, alpha=1 - confidence, method="wilson")
    assert (low, high) == pytest.approx(expected, abs=1e-12)
    assert 0 <= low <= correct / n <= high <= 1


def test_wilson_at_the_ends():
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(0, 91)[0] == 0.0
    low, high = wilson_interval(91, 91)
    assert high == 1.0
    assert round(low, 3) == 0.959


@pytest.mark.parametrize(
    ("correct", "n", "confidence"), [(2, 1, 0.95), (-1, 5, 0.95), (1, 5, 1.0), (1, 5, 0.0)]
)
def test_wilson_refuses_what_is_no_proportion(correct, n, confidence):
    with pytest.raises(ValueError, match=r"wilson_interval|confidence"):
        wilson_interval(correct, n, confidence)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=9), st.floats(0.5, 0.99))
def test_mean_interval_is_scipys_t_interval(values, confidence):
    error = scipy.stats.sem(values)
    if error == 0:
        assert mean_interval(values, confidence) == (np.mean(values), np.mean(values))
        return
    expected = scipy.stats.t.interval(confidence, len(values) - 1, loc=np.mean(values), scale=error)
    assert mean_interval(values, confidence) == pytest.approx(expected, abs=1e-9)


def test_mean_interval_of_few_values_and_of_bad_ones():
    assert mean_interval([]) is None
    assert mean_interval([0.9]) is None
    with pytest.raises(ValueError, match="not finite"):
        mean_interval([0.9, math.nan])
    with pytest.raises(ValueError, match="confidence"):
        mean_interval([0.9, 0.8], 80)


def test_mean_interval_stays_within_bounds_when_asked():
    low, high = mean_interval([0.90, 0.99, 0.99], 0.95, bounds=(0.0, 1.0))
    assert mean_interval([0.90, 0.99, 0.99], 0.95)[1] > 1.0
    assert high == 1.0
    assert low > 0.8


def test_bootstrap_band_is_seeded_and_touches_no_global_generator():
    curves = np.random.default_rng(0).normal(size=(5, 12))
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = (bootstrap_band(curves, seed=s) for s in (1, 1, 2))
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_bootstrap_band_agrees_with_scipys_and_with_its_coverage():
    rng = np.random.default_rng(7)
    curves = rng.normal(0.9, 0.02, size=(20, 3))
    low, high = bootstrap_band(curves, seed=0, resamples=20000)
    for epoch in range(3):
        expected = scipy.stats.bootstrap(
            (curves[:, epoch],), np.mean, confidence_level=0.8, method="percentile",
            n_resamples=20000, rng=np.random.default_rng(1),
        ).confidence_interval  # fmt: skip
        assert (low[epoch], high[epoch]) == pytest.approx(tuple(expected), abs=3e-4)


def test_bootstrap_keeps_a_runs_epochs_together():
    # Two runs that mirror each other: the mean of a resample is constant over epochs only if
    # both epochs come from the same picks.
    low, high = bootstrap_band([[0.0, 1.0], [1.0, 0.0]], seed=0, confidence=0.9)
    assert (low + high[::-1]).tolist() == [1.0, 1.0]


def test_bootstrap_of_one_run_has_no_width_and_bad_input_is_refused():
    low, high = bootstrap_band([[0.2, 0.4]], seed=0)
    assert low.tolist() == high.tolist() == [0.2, 0.4]
    for bad in ([], [0.1, 0.2], [[0.1, math.nan]]):
        with pytest.raises(ValueError, match="bootstrap_band"):
            bootstrap_band(bad, seed=0)


@pytest.mark.parametrize(
    ("index", "precision", "recall"),
    [
        (0, [99.95, 99.45, 98.80, 96.30, 97.41], [100, 99.94, 98.03, 96.89, 97.01]),
        (1, [99.95, 95.33, 98.71, 97.30, 98.11], [100, 99.94, 93.87, 97.26, 98.51]),
        (2, [100, 98.40, 98.58, 97.37, 97.90], [100, 99.94, 97.25, 96.89, 98.30]),
    ],
)
def test_the_papers_precision_and_recall(index, precision, recall):
    # As printed, but for three figures of Table 12 that its own counts do not give: it has 100
    # for the precision of blank, 99.93 and 93.90 for the recalls of no-crystal and weak.
    figures = precision_recall(paper.CONFUSIONS[index].confusion)
    assert [100 * p for p in figures.precision] == pytest.approx(precision, abs=0.011)
    assert [100 * r for r in figures.recall] == pytest.approx(recall, abs=0.011)


@given(
    st.integers(1, 5).flatmap(
        lambda k: st.lists(
            st.lists(st.integers(0, 30), min_size=k, max_size=k), min_size=k, max_size=k
        )
    )
)
def test_precision_and_recall_are_scikit_learns_where_defined(confusion):
    k = len(confusion)
    true = [i for i in range(k) for j in range(k) for _ in range(confusion[i][j])]
    called = [j for i in range(k) for j in range(k) for _ in range(confusion[i][j])]
    figures = precision_recall(confusion)
    for c in range(k):
        assert (figures.recall[c] is None) == (c not in true)
        assert (figures.precision[c] is None) == (c not in called)
    if true:
        precision, recall, _, _ = precision_recall_fscore_support(
            true, called, labels=range(k), zero_division=0
        )
        assert [p or 0.0 for p in figures.precision] == pytest.approx(precision)
        assert [r or 0.0 for r in figures.recall] == pytest.approx(recall)


@pytest.mark.parametrize("bad", [[[1, 2]], [[1, 2], [3, -1]], [1, 2]])
def test_a_confusion_matrix_must_be_one(bad):
    with pytest.raises(ValueError, match="square"):
        precision_recall(bad)


@pytest.mark.parametrize(("index", "missed", "false"), [(0, 19, 2), (1, 161, 2), (2, 53, 2)])
def test_the_papers_binary_figures(index, missed, false):
    binary = binary_summary(collapse(paper.CONFUSIONS[index].confusion, paper.DIFFRACTION))
    assert (binary.missed, binary.false) == (missed, false)
    assert binary.n - binary.correct == missed + false
    if index == 0:
        assert round(100 * binary.accuracy, 2) == 99.83


def test_collapse_keeps_counts_and_refuses_a_projection_that_does_not_fit():
    assert collapse([[1, 2, 3], [4, 5, 6], [7, 8, 9]], (1, 0, 1)) == [[5, 10], [10, 20]]
    assert collapse([[1, 2], [3, 4]], (0, 1)) == [[1, 2], [3, 4]]
    for projection in [(0,), (0, -1), (0, 1, 1)]:
        with pytest.raises(ValueError, match="projection"):
            collapse([[1, 2], [3, 4]], projection)


def test_a_binary_summary_of_nothing_and_of_three_classes():
    empty = binary_summary([[0, 0], [0, 0]])
    assert (empty.accuracy, empty.interval) == (None, (0.0, 1.0))
    with pytest.raises(ValueError, match="two classes"):
        binary_summary([[1, 0, 0], [0, 1, 0], [0, 0, 1]])


@pytest.mark.parametrize("row", [r for r in paper.TEST_ACCURACIES if r.correct is not None])
def test_the_papers_counts_give_its_percentages(row):
    # Table 12 holds 12,304 of 12,600 right: 97.65 %, where Table 5 prints 97.66 %.
    assert row.correct / row.n == pytest.approx(row.accuracy, abs=0.00011)
    low, high = row.interval
    assert low < row.accuracy < high


@pytest.mark.parametrize("row", [r for r in paper.TEST_ACCURACIES if r.correct is None])
def test_where_the_paper_has_no_count_there_is_none(row):
    printed = round(100 * row.accuracy, 2)
    shares = {round(100 * k / row.n, 2) for k in range(row.n + 1)}
    assert printed not in shares
    assert row.interval is None


def test_the_papers_matrices_hold_the_counts_beside_its_accuracies():
    for matrix in paper.CONFUSIONS:
        counts = np.array(matrix.confusion)
        row = next(
            r for r in paper.accuracies("synthetic", "synthetic") if r.method == matrix.method
        )
        assert (row.correct, row.n) == (counts.trace(), counts.sum())
