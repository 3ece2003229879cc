"""An SVM for many features: its kernel comes from matrix products."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

WIDE = 128
"""From so many features on it is faster than `SVC`, which takes the pairs one by one."""

_ROWS = 1000  # described at a time: 80 MB beside 10,000 training images


class MatrixSVC(ClassifierMixin, BaseEstimator):
    """`SVC` with an RBF kernel, to the last bits of the kernel.

    Training holds the kernel of all pairs: 8 n² bytes, 800 MB for 10,000 images.

    Args:
        C: Of the soft margin.
        gamma: Of the kernel; `auto` is 1 / features.
        class_weight: As of `SVC`.
        random_state: As of `SVC`.

    Attributes:
        classes_: Class indices, ascending.
        vectors_: The support vectors (m, features).
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
        self.gamma_ = 1.0 / X.shape[1] if self.gamma == "auto" else self.gamma
        self.machine_ = SVC(
            C=self.C,
            kernel="precomputed",
            class_weight=self.class_weight,
            random_state=self.random_state,
        ).fit(rbf_kernel(X, gamma=self.gamma_), y)
        self.vectors_ = np.array(X[self.machine_.support_])
        self.classes_ = self.machine_.classes_
        return self

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        """Class indices (n,)."""
        return np.asarray(self._of_rows(self.machine_.predict, X), dtype=np.int64)

    def decision_function(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Decision values as of `SVC`: (n, classes), or (n,) of two classes."""
        return self._of_rows(self.machine_.decision_function, X)

    def _of_rows(self, function: Any, X: NDArray[np.float64]) -> NDArray[Any]:
        images = self.machine_.shape_fit_[0]
        found = []
        for start in range(0, len(X), _ROWS):
            rows = X[start : start + _ROWS]
            # `SVC` asks for a column of every training image and reads the support vectors'.
            kernel = np.zeros((len(rows), images))
            kernel[:, self.machine_.support_] = rbf_kernel(rows, self.vectors_, gamma=self.gamma_)
            found.append(function(kernel))
        return np.concatenate(found)
