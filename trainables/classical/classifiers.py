"""From a configuration to a classifier (paper section 4.2, Table 8)."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trainables.classical.forest import ArrayForest
from trainables.classical.machine import MatrixSVC
from trainables.classical.names import active_values


class Classifier(Protocol):
    """What both classifiers offer."""

    classes_: NDArray[np.int64]
    """The class indices that training showed, ascending."""

    def fit(self, X: Any, y: NDArray[np.int64]) -> object:
        """Learn from features (n, features), a forest also sparse ones, and class indices (n,)."""

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        """Class indices (n,)."""


DIFFRACTION_FROM = 2
"""Of the five classes from blank to strong, the first that counts as diffraction."""


def build_classifier(
    configuration: Mapping[str, Any],
    seed: int,
    *,
    classes: int,
    present: Sequence[int],
    backend: str = "sklearn",
) -> Classifier:
    """The classifier that the configuration chooses, not fitted.

    It uses as many threads as the environment's ``OMP_NUM_THREADS`` allows, one if that is not
    set: Ray sets it in each worker to the CPUs of a trial, so that parallel trials and parallel
    trees do not fight for cores.

    Args:
        configuration: With `classifier` and its parameters.
        seed: Any non-negative integer.
        classes: The number of classes of the data.
        present: The class indices that occur in the training labels.
        backend: Of the forest: `sklearn`, or `intelex`, whose trees split at other, binned
            thresholds.

    Raises:
        ValueError: A missing or impossible value.
    """
    choice, values = active_values(configuration, "classifier")
    weight = class_weight(
        values[f"{choice}_class_weight"],
        name=f"{choice}_class_weight",
        classes=classes,
        present=present,
    )
    random_state = seed % 2**32  # what scikit-learn accepts
    classifier: Classifier
    if choice == "rf":
        classifier = ArrayForest(
            n_estimators=values["rf_trees"],
            max_features=values["rf_max_features"],
            max_depth=values["rf_max_depth"],
            class_weight=weight,
            random_state=random_state,
            n_jobs=threads(),
            backend=backend,
        )
    else:
        classifier = MatrixSVC(
            C=values["svm_c"],
            gamma=values["svm_gamma"] or "auto",  # Table 8 writes 0 for 1 / features
            class_weight=weight,
            random_state=random_state,
        )
    return classifier


def threads() -> int:
    """The threads that a trial may use."""
    text = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(text)) if text.isdigit() else 1


def class_weight(
    value: Any, *, name: str, classes: int, present: Sequence[int]
) -> dict[int, float] | str | None:
    """Table 8's class weight as scikit-learn takes it.

    Args:
        value: None, "balanced", or one weight per class, from blank to strong. Five weights
            serve two classes as well: those of no diffraction and of diffraction are summed.
        name: The parameter, for the refusal.
        classes: The number of classes of the data.
        present: The class indices that occur in the training labels; scikit-learn refuses
            weights of others.

    Raises:
        ValueError: Any other value.
    """
    if value is None or value == "balanced":
        return value  # type: ignore[no-any-return]
    if not isinstance(value, list | tuple) or not all(
        isinstance(weight, int | float) and weight >= 0 for weight in value
    ):
        raise ValueError(
            f"configuration: {name} must be None, 'balanced' or a list of weights, not {value!r}"
        )
    weights = list(value)
    if len(weights) == 5 and classes == 2:
        weights = [sum(weights[:DIFFRACTION_FROM]), sum(weights[DIFFRACTION_FROM:])]
    if len(weights) != classes:
        raise ValueError(
            f"configuration: {name} has {len(weights)} weights and the data {classes} classes"
        )
    return {int(index): float(weights[index]) for index in present}
