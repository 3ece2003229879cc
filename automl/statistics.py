"""Intervals, bands and confusion-matrix figures: the numbers a result is reported with.

Nothing here returns NaN. What is undefined (the precision of a class never predicted, the
interval of a single value) is ``None``, so that it survives JSON and must be handled by name.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

Interval = tuple[float, float]
Confusion = Sequence[Sequence[int]]


@dataclass(frozen=True)
class PrecisionRecall:
    """Per-class precision and recall as fractions; ``None`` where there is nothing to divide by."""

    precision: tuple[float | None, ...]
    recall: tuple[float | None, ...]


@dataclass(frozen=True)
class BinarySummary:
    """What a screening experiment asks of a model: how many positives it would throw away.

    Attributes:
        n: images judged.
        correct: images judged rightly.
        accuracy: ``correct / n``, ``None`` for no images.
        interval: Wilson 95 % interval of the accuracy.
        positives: images of class 1.
        missed: positive images called negative (a useful image lost).
        false: negative images called positive (a useless image kept).
    """

    n: int
    correct: int
    accuracy: float | None
    interval: Interval
    positives: int
    missed: int
    false: int


def wilson_interval(correct: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson score interval of a proportion (Wilson 1927).

    Unlike the normal approximation it stays inside [0, 1] and is usable at 91 of 91.
    No observations say nothing: ``n = 0`` gives (0, 1).

    Raises:
        ValueError: not 0 <= correct <= n, or a confidence outside (0, 1).
    """
    if not 0 <= correct <= n:
        raise ValueError(f"wilson_interval: {correct} correct of {n} is no proportion")
    z = float(ndtri(0.5 + _checked_confidence(confidence) / 2))
    if n == 0:
        return 0.0, 1.0
    share = correct / n
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the bound is 0 or 1 exactly; arithmetic would leave it off by an ulp.
    low = 0.0 if correct == 0 else max(0.0, centre - half)
    high = 1.0 if correct == n else min(1.0, centre + half)
    return low, high


def mean_interval(
    values: Sequence[float], confidence: float = 0.8, bounds: Interval | None = None
) -> Interval | None:
    """Student-t interval of the mean of a few repetitions (the paper's Figure 3 uses 80 %).

    Args:
        values: one number a repetition (a seed).
        confidence: two-sided coverage.
        bounds: clip to the quantity's possible range, (0, 1) for an accuracy.

    Returns:
        (low, high), or ``None`` for fewer than two values: one run shows no spread.

    Raises:
        ValueError: a value is not finite, or a confidence outside (0, 1).
    """
    quantile = 0.5 + _checked_confidence(confidence) / 2
    array = np.asarray(values, dtype=float)
    if not np.isfinite(array).all():
        raise ValueError("mean_interval: a value is not finite; leave failed runs out by name")
    if array.size < 2:
        return None
    mean = float(array.mean())
    error = float(array.std(ddof=1)) / math.sqrt(array.size)
    half = float(stdtrit(array.size - 1, quantile)) * error
    low, high = mean - half, mean + half
    if bounds is not None:
        low, high = max(bounds[0], low), min(bounds[1], high)
    return low, high


def bootstrap_band(
    curves: npt.ArrayLike, *, seed: int, confidence: float = 0.8, resamples: int = 2000
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Pointwise percentile-bootstrap band of the mean curve over repetitions.

    Whole curves are resampled, so that the epochs of one run stay together.

    Args:
        curves: (repetitions, epochs), finite.
        seed: of the resampling; the same seed gives the same band.
        confidence: two-sided pointwise coverage.
        resamples: bootstrap samples drawn.

    Returns:
        Lower and upper band, (epochs,) each. One repetition gives a band of no width.

    Raises:
        ValueError: not a non-empty two-dimensional array of finite numbers.
    """
    array = np.asarray(curves, dtype=float)
    if array.ndim != 2 or array.shape[0] == 0 or not np.isfinite(array).all():
        raise ValueError("bootstrap_band: need (repetitions, epochs) of finite numbers")
    tail = (1 - _checked_confidence(confidence)) / 2
    repetitions = array.shape[0]
    picks = np.random.default_rng(seed).integers(repetitions, size=(resamples, repetitions))
    # Counting the picks turns the mean of each resample into one matrix product.
    weights = np.stack([(picks == r).sum(axis=1) for r in range(repetitions)], axis=1) / repetitions
    low, high = np.quantile(weights @ array, [tail, 1 - tail], axis=0)
    return low, high


def precision_recall(confusion: Confusion) -> PrecisionRecall:
    """Precision (by column) and recall (by row) of every class (as in the paper's Table 6).

    Args:
        confusion: (k, k) counts, rows true class, columns predicted class.

    Raises:
        ValueError: not a square matrix of counts.
    """
    matrix = _checked_confusion(confusion)
    right = matrix.diagonal()
    return PrecisionRecall(
        precision=_shares(right, matrix.sum(axis=0)), recall=_shares(right, matrix.sum(axis=1))
    )


def collapse(confusion: Confusion, projection: Sequence[int]) -> list[list[int]]:
    """Merge classes of a confusion matrix, rows and columns alike.

    Args:
        confusion: (k, k) counts, rows true class.
        projection: the new class of each of the k classes; new classes are 0 .. max.

    Returns:
        The merged counts. DiffraNet's five classes become no-diffraction and diffraction with
        (0, 0, 1, 1, 1).

    Raises:
        ValueError: not square, or the projection does not name one class of 0 .. for each.
    """
    matrix = _checked_confusion(confusion)
    if len(projection) != len(matrix) or any(new < 0 for new in projection):
        raise ValueError(
            f"collapse: projection {list(projection)} must give each of the {len(matrix)} "
            "classes a new class from 0"
        )
    size = max(projection, default=-1) + 1
    merged = np.zeros((size, size), dtype=np.int64)
    index = np.asarray(projection, dtype=np.int64)
    np.add.at(merged, (index[:, None], index[None, :]), matrix)
    return [[int(count) for count in row] for row in merged]


def binary_summary(confusion: Confusion) -> BinarySummary:
    """Accuracy, missed positives and false positives of a two-class matrix (class 1 positive).

    Raises:
        ValueError: not two by two.
    """
    matrix = _checked_confusion(confusion)
    if matrix.shape != (2, 2):
        raise ValueError(f"binary_summary: need two classes, not {len(matrix)}; collapse first")
    n, correct = int(matrix.sum()), int(matrix.trace())
    return BinarySummary(
        n=n,
        correct=correct,
        accuracy=correct / n if n else None,
        interval=wilson_interval(correct, n),
        positives=int(matrix[1].sum()),
        missed=int(matrix[1, 0]),
        false=int(matrix[0, 1]),
    )


def _checked_confidence(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    return confidence


def _checked_confusion(confusion: Confusion) -> npt.NDArray[np.int64]:
    matrix = np.asarray(confusion, dtype=np.int64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or (matrix < 0).any():
        raise ValueError("a confusion matrix is square, with counts of 0 or more")
    return matrix


def _shares(
    right: npt.NDArray[np.int64], totals: npt.NDArray[np.int64]
) -> tuple[float | None, ...]:
    return tuple(
        int(r) / int(total) if total else None for r, total in zip(right, totals, strict=True)
    )
