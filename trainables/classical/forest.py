"""A random forest that keeps its trees as arrays."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.utils.validation import check_is_fitted

from trainables.classical.forest_kernel import NODE, add_leaves

LEAF = -1


class ArrayForest(ClassifierMixin, BaseEstimator):
    """The forest of scikit-learn, or of scikit-learn-intelex, with its trees in three arrays.

    The library learns; what it learned is then kept as numbers alone. Such a model is a file
    without code, and one pass through compiled code predicts: scikit-learn's own forest calls
    each tree through Python, which one image pays as dearly as a thousand. Predictions are those
    of scikit-learn's forest, bit for bit. Of oneDAL's they may differ where a feature is a
    threshold's neighbour in its last bits, and in the order in which trees are added up.

    Args:
        n_estimators: As of `RandomForestClassifier`, like the next five.
        max_features: As there.
        max_depth: As there.
        class_weight: As there.
        random_state: As there.
        n_jobs: Threads for learning; one predicts.
        backend: Who learns: `sklearn`, or `intelex`, whose trees split at other, binned
            thresholds.

    Attributes:
        classes_: Class indices, ascending.
        n_features_in_: Width of the features.
        nodes_: (nodes,) of `forest_kernel.NODE`, all trees behind each other.
        roots_: (trees,) where each of them begins.
        values_: (leaves, classes) class probabilities.
        single_: Whether features are compared in single precision, as scikit-learn does.
    """

    def __init__(
        self,
        n_estimators: int = 100,
        max_features: Any = "sqrt",
        max_depth: int | None = None,
        class_weight: Any = None,
        random_state: int | None = None,
        n_jobs: int = 1,
        backend: str = "sklearn",
    ) -> None:
        self.n_estimators = n_estimators
        self.max_features = max_features
        self.max_depth = max_depth
        self.class_weight = class_weight
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.backend = backend

    def fit(self, X: Any, y: NDArray[np.int64]) -> Self:
        """Learn from features (n, features), dense or sparse, and class indices (n,)."""
        parameters = self.get_params()
        forest = _library(parameters.pop("backend"))(**parameters)
        return self.adopt(forest.fit(X, y))

    def adopt(self, forest: Any) -> Self:
        """Take the trees of a fitted `RandomForestClassifier` of either library."""
        trees = [estimator.tree_ for estimator in forest.estimators_]
        begins = np.cumsum([0, *(tree.node_count for tree in trees)])
        nodes = np.zeros(begins[-1], NODE)
        values = []
        leaves = 0
        for tree, begin in zip(trees, begins, strict=False):
            own = nodes[begin : begin + tree.node_count]
            is_leaf = tree.children_left < 0
            count = int(is_leaf.sum())
            own["threshold"] = tree.threshold
            own["feature"] = np.where(is_leaf, LEAF, tree.feature)
            own["left"] = tree.children_left + begin
            own["left"][is_leaf] = np.arange(leaves, leaves + count)
            own["right"] = np.where(is_leaf, 0, tree.children_right + begin)
            values.append(tree.value[is_leaf, 0, :])
            leaves += count
        self.classes_ = np.asarray(forest.classes_, np.int64)
        self.n_features_in_ = int(forest.n_features_in_)
        self.nodes_, self.roots_ = nodes, begins[:-1]
        self.values_ = np.ascontiguousarray(np.concatenate(values), np.float64)
        # oneDAL compares in the precision of what it is given; its thresholds are such values.
        self.single_ = not hasattr(forest, "_onedal_estimator")
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Mean of the trees' class probabilities: (n, classes).

        Raises:
            ValueError: Features of another width.
        """
        check_is_fitted(self, "nodes_")
        features = np.asarray(X, np.float32 if self.single_ else np.float64)
        if features.ndim != 2 or features.shape[1] != self.n_features_in_:
            raise ValueError(
                f"features of shape {features.shape}; this forest takes (n, {self.n_features_in_})"
            )
        totals = np.zeros((len(features), len(self.classes_)))
        rows = np.ascontiguousarray(features, np.float64)
        add_leaves(rows, self.nodes_, self.roots_, self.values_, totals)
        totals /= len(self.roots_)
        return totals

    def predict(self, X: Any) -> NDArray[np.int64]:
        """The most probable class index, the first of equals: (n,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def check_trees(forest: ArrayForest) -> None:
    """Refuse trees that would lead out of their arrays, or round in a circle.

    Raises:
        ValueError: They are no trees.
    """
    nodes, roots, values = forest.nodes_, forest.roots_, forest.values_
    sizes = np.diff(roots, append=len(nodes))
    if not len(roots) or roots[0] != 0 or (sizes < 1).any():
        raise ValueError("trees do not follow each other")
    if values.shape[1:] != forest.classes_.shape:
        raise ValueError(f"leaves of {values.shape[1:]} classes, not {len(forest.classes_)}")
    places, ends = np.arange(len(nodes)), np.repeat(roots + sizes, sizes)
    is_leaf = nodes["feature"] < 0
    for side in ("left", "right"):
        child = nodes[side]
        if not (is_leaf | ((child > places) & (child < ends))).all():
            raise ValueError("a node's child is no later node of its tree")
    rows = nodes["left"][is_leaf]
    if (rows < 0).any() or (rows >= len(values)).any():
        raise ValueError("a leaf has no row of probabilities")
    if (nodes["feature"] >= forest.n_features_in_).any():
        raise ValueError("a node asks for a feature that there is not")


def _library(backend: str) -> Any:
    if backend == "intelex":
        # An optional package, which takes seconds to import.
        from sklearnex import ensemble

        return ensemble.RandomForestClassifier
    return RandomForestClassifier
