"""Class probabilities of a fitted classifier over all classes of the data."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainables.classical.machine import MatrixSVC


def probabilities(
    classifier: Any, features: NDArray[np.float64], classes: int
) -> NDArray[np.float64]:
    """Probabilities whose argmax is the classifier's prediction.

    The forest gives its own. An SVM has none: its `probability=True` fits a second model by
    internal cross-validation that may contradict `predict`. In their place stands the softmax
    of the decision values, *nominal* probabilities: their order is meant, their size (and a
    loss computed from them) is not.

    Args:
        classifier: A fitted `RandomForestClassifier` or `MatrixSVC` of class indices.
        features: (n, features), as the classifier takes them.
        classes: The number of columns. A class that training did not show is never expected.

    Returns:
        (n, classes); rows sum to 1.
    """
    if isinstance(classifier, MatrixSVC):
        known = _svm_probabilities(classifier, features)
    else:
        known = classifier.predict_proba(features)
    table = np.zeros((len(features), classes))
    table[:, np.asarray(classifier.classes_, dtype=np.intp)] = known
    return table


def _svm_probabilities(machine: MatrixSVC, features: NDArray[np.float64]) -> NDArray[np.float64]:
    decisions = machine.pair_decisions(features)
    values = machine.margins(decisions)
    # The prediction counts votes and breaks ties by class order, the values break them by margin;
    # where they differ the prediction is lifted just above the rest.
    predicted = np.searchsorted(machine.classes_, machine.elected(decisions))
    rows = np.arange(len(values))
    others = values.copy()
    others[rows, predicted] = -np.inf
    floor = others.max(axis=1) + 1e-6
    values[rows, predicted] = np.maximum(values[rows, predicted], floor)
    exponentials = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
