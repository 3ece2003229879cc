"""Scaling and learning, each in the way that is fastest for the features; the model is the same."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array
from sklearn.preprocessing import StandardScaler

from trainables.classical.classifiers import Classifier
from trainables.classical.machine import MatrixSVC
from trainables.classical.names import further_value
from trainables.classical.scaling import TargetScaler

SPARSE = 0.02
"""Up to this fraction of non-zeros a forest learns faster from a sparse table."""


def scaler_of(configuration: Mapping[str, Any]) -> StandardScaler | TargetScaler:
    """The scaler for a configuration's features, not fitted.

    A forest does not care where zero lies, as long as it lies there for all images; the
    frequencies of words, mostly zero, stay so for it.

    Raises:
        ValueError: An unknown `feature_statistics`.
    """
    if further_value(configuration, "feature_statistics") == "target":
        return TargetScaler()
    of_words = (configuration["extractor"], configuration["classifier"]) == ("sift", "rf")
    return StandardScaler(with_mean=not of_words)


def learn(
    classifier: Classifier, features: NDArray[np.float64], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Fit the classifier and return its predictions for what it learned from.

    Args:
        classifier: Of `build_classifier`.
        features: (n, features), scaled.
        labels: (n,) class indices.

    Returns:
        (n,) class indices.

    Raises:
        ValueError: The classifier cannot learn from these.
    """
    if isinstance(classifier, MatrixSVC):
        return classifier.fit_predict(features, labels)
    # Of a sparse column a tree sorts only what is not zero; it splits alike.
    is_sparse = np.count_nonzero(features) <= SPARSE * features.size
    classifier.fit(csc_array(features) if is_sparse else features, labels)
    return np.asarray(classifier.predict(features))
