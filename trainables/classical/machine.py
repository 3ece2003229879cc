"""An SVM whose kernel comes from matrix products."""

from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

WIDE = 128
"""From so many features on, training computes the kernel of all pairs beforehand."""

_ROWS = 256  # described at a time: a kernel of 20 MB beside 10,000 training images


class MatrixSVC(ClassifierMixin, BaseEstimator):
    """`SVC` with an RBF kernel: the same machine, described and decided by matrix products.

    libsvm computes the kernel pair by pair, again for every prediction. Here one pass over the
    images gives predictions and decision values, equal to `SVC`'s to the last bits of the kernel.
    From `WIDE` features on, training computes its kernel so too and holds it: 8 n² bytes, 800 MB
    for 10,000 images.

    Args:
        C: Of the soft margin.
        gamma: Of the kernel; `auto` is 1 / features.
        class_weight: As of `SVC`.
        random_state: As of `SVC`.

    Attributes:
        classes_: Class indices, ascending.
        vectors_: The support vectors (m, features).
        coefficients_: Of the vectors in the decision between each pair of classes (m, pairs).
        intercepts_: Of the decisions (pairs,).
    """

    def __init__(
        self,
        C: float = 1.0,
        gamma: float | str = "auto",
        class_weight: Any = None,
        random_state: int | None = None,
    ) -> None:
        self.C = C
        self.gamma = gamma
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> Self:
        """Learn from features (n, features) and class indices (n,)."""
        self._fit(X, y)
        return self

    def fit_predict(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.int64]:
        """Learn, and return the predictions for what was learned from: (n,)."""
        kernel, support = self._fit(X, y)
        if kernel is None:
            return self.predict(X)
        rows = range(0, len(X), _ROWS)
        decisions = [self._decided(kernel[start : start + _ROWS, support]) for start in rows]
        return self.elected(np.concatenate(decisions))

    def adopt(self, machine: SVC) -> Self:
        """Take what a fitted `SVC` with an RBF kernel has learned, and its parameters."""
        self.set_params(**{name: getattr(machine, name) for name in self.get_params()})
        self.gamma_: Any = float(machine._gamma)
        self.classes_ = machine.classes_
        self.vectors_ = np.array(machine.support_vectors_)
        self.coefficients_, self.intercepts_ = self._unfolded(machine)
        return self

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        """Class indices (n,)."""
        return self.elected(self.pair_decisions(X))

    def decision_function(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Decision values as of `SVC`: (n, classes), or (n,) of two classes."""
        decisions = self.pair_decisions(X)
        return -decisions[:, 0] if len(self.classes_) == 2 else self.margins(decisions)

    def pair_decisions(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """One column for each pair of classes, positive for the first of it: (n, pairs)."""
        decisions = np.empty((len(X), len(self.intercepts_)))
        for start in range(0, len(X), _ROWS):
            rows = slice(start, start + _ROWS)
            decisions[rows] = self._decided(rbf_kernel(X[rows], self.vectors_, gamma=self.gamma_))
        return decisions

    def elected(self, decisions: NDArray[np.float64]) -> NDArray[np.int64]:
        """The class index with most votes of `pair_decisions`, the first of equals: (n,)."""
        return np.asarray(self.classes_[self._votes(decisions).argmax(axis=1)])

    def margins(self, decisions: NDArray[np.float64]) -> NDArray[np.float64]:
        """`pair_decisions` as values of the classes, votes first: (n, classes).

        The sum of a class's decisions, squeezed into less than a third, breaks ties of votes.
        """
        sums = np.zeros((len(decisions), len(self.classes_)))
        for column, (first, second) in enumerate(self._pairs()):
            sums[:, first] += decisions[:, column]
            sums[:, second] -= decisions[:, column]
        return np.asarray(self._votes(decisions) + sums / (3 * (np.abs(sums) + 1)))

    def _fit(
        self, X: NDArray[np.float64], y: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64] | None, NDArray[np.int32]]:
        self.gamma_ = 1.0 / X.shape[1] if self.gamma == "auto" else self.gamma
        machine = SVC(C=self.C, gamma=self.gamma_, class_weight=self.class_weight)
        machine.random_state = self.random_state
        kernel = rbf_kernel(X, gamma=self.gamma_) if X.shape[1] >= WIDE else None
        if kernel is not None:
            machine.kernel = "precomputed"
        machine.fit(X if kernel is None else kernel, y)
        self.classes_ = machine.classes_
        self.vectors_ = np.array(X[machine.support_])
        self.coefficients_, self.intercepts_ = self._unfolded(machine)
        return kernel, machine.support_

    def _unfolded(self, machine: SVC) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        # libsvm keeps for each vector one coefficient against each other class, in their order.
        sign = -1.0 if len(self.classes_) == 2 else 1.0  # of two classes `SVC` turns it round
        bounds = np.cumsum([0, *machine.n_support_])
        coefficients = np.zeros((len(self.vectors_), len(machine.intercept_)))
        for column, (first, second) in enumerate(self._pairs()):
            for own, row in ((first, second - 1), (second, first)):
                vectors = slice(bounds[own], bounds[own + 1])
                coefficients[vectors, column] = sign * machine.dual_coef_[row, vectors]
        return coefficients, sign * machine.intercept_

    def _decided(self, kernel: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(kernel @ self.coefficients_ + self.intercepts_)

    def _votes(self, decisions: NDArray[np.float64]) -> NDArray[np.float64]:
        votes = np.zeros((len(decisions), len(self.classes_)))
        for column, (first, second) in enumerate(self._pairs()):
            votes[:, first] += decisions[:, column] > 0
            votes[:, second] += decisions[:, column] <= 0
        return votes

    def _pairs(self) -> list[tuple[int, int]]:
        return list(combinations(range(len(self.classes_)), 2))
