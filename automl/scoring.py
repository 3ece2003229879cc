"""From a model's class probabilities to what a domain counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def predicted_labels(probabilities: Floats, projection: Sequence[int]) -> Labels:
    """Return the domain's label of each image's most probable training class.

    Args:
        probabilities: (n, k), one column a training class.
        projection: For each of the k training classes, the domain's class that it counts as: a
            five-class model says *no-diffraction* where it says blank or no-crystal.
    """
    labels: Labels = np.asarray(projection, dtype=np.int64)[np.argmax(probabilities, axis=1)]
    return labels


def score(probabilities: Floats, labels: Labels, projection: Sequence[int]) -> dict[str, float]:
    """Return ``validation_accuracy`` and ``validation_loss`` on a domain's labels.

    The loss is the mean of -log of the probability summed over the training classes that count
    as the image's own class (nats).

    Raises:
        ValueError: Shapes disagree or a probability is not finite.
    """
    if probabilities.shape != (len(labels), len(projection)):
        raise ValueError(
            f"probabilities have shape {probabilities.shape}, "
            f"expected {(len(labels), len(projection))}"
        )
    if not np.isfinite(probabilities).all():
        raise ValueError("probabilities are not finite")
    accuracy = float(np.mean(predicted_labels(probabilities, projection) == labels))
    own = np.asarray(projection)[None, :] == np.asarray(labels)[:, None]
    likelihood = np.where(own, probabilities, 0.0).sum(axis=1)
    loss = float(-np.mean(np.log(np.clip(likelihood, 1e-12, None))))
    return {"validation_accuracy": accuracy, "validation_loss": loss}


def confusion_matrix(labels: Labels, predicted: Labels, classes: int) -> list[list[int]]:
    """Return counts, one row a true class, one column a predicted one (as in Table 6)."""
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (labels, predicted), 1)
    matrix: list[list[int]] = counts.tolist()
    return matrix
