"""A forest of arrays predicts as the library's that learned it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier

from trainables.classical.forest import ArrayForest, check_trees


def table(seed: int, count: int = 200, width: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Features with many equal values, and classes that they tell apart."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, count)
    features = rng.normal(size=(count, width)).round(1) + 0.7 * labels[:, np.newaxis]
    return features, labels


@settings(deadline=None, max_examples=15)
@given(
    seed=st.integers(0, 10**6),
    trees=st.integers(1, 12),
    depth=st.sampled_from([None, 1, 3]),
    weight=st.sampled_from([None, "balanced", {0: 0.4, 1: 0.1, 2: 0.3, 3: 0.2}]),
)
def test_it_is_scikit_learn_s_bit_for_bit(
    seed: int, trees: int, depth: int | None, weight: Any
) -> None:
    features, labels = table(seed)
    parameters = {
        "n_estimators": trees, "max_depth": depth, "class_weight": weight, "random_state": seed,
    }  # fmt: skip
    ours = ArrayForest(**parameters).fit(features[:120], labels[:120])
    theirs = RandomForestClassifier(**parameters).fit(features[:120], labels[:120])
    check_trees(ours)
    np.testing.assert_array_equal(ours.predict_proba(features), theirs.predict_proba(features))
    np.testing.assert_array_equal(ours.predict(features), theirs.predict(features))
    # What lies between two numbers of single precision goes the way of the rounded one.
    close = np.nextafter(features.astype(np.float32).astype(float), np.inf)
    np.testing.assert_array_equal(ours.predict_proba(close), theirs.predict_proba(close))


def test_images_do_not_depend_on_those_beside_them() -> None:
    features, labels = table(1)
    forest = ArrayForest(20, random_state=0).fit(features, labels)
    whole = forest.predict_proba(features)
    single = [forest.predict_proba(features[index : index + 1])[0] for index in range(20)]
    np.testing.assert_array_equal(whole[:20], single)
    assert forest.predict_proba(features[:0]).shape == (0, 4)


def test_labels_keep_their_names() -> None:
    features, labels = table(2)
    forest = ArrayForest(5, random_state=0).fit(features, labels * 2 + 1)
    assert forest.classes_.tolist() == [1, 3, 5, 7]
    assert set(forest.predict(features)) == {1, 3, 5, 7}


def test_features_of_another_width_are_refused() -> None:
    features, labels = table(3)
    forest = ArrayForest(2).fit(features, labels)
    with pytest.raises(ValueError, match=r"takes \(n, 6\)"):
        forest.predict_proba(features[:, :5])
    with pytest.raises(ValueError, match=r"takes \(n, 6\)"):
        forest.predict_proba(features[0])


def test_it_is_cloned_with_its_parameters() -> None:
    forest = ArrayForest(n_estimators=3, max_depth=2, backend="intelex")
    assert clone(forest).get_params() == forest.get_params()


def test_one_dal_s_trees_predict_what_one_dal_does() -> None:
    ensemble = pytest.importorskip("sklearnex.ensemble", exc_type=ImportError)
    features, labels = table(4, count=600)
    # No two values are neighbours in their last bits, which oneDAL does not always tell apart.
    features += np.random.default_rng(5).normal(scale=0.01, size=features.shape)
    parameters = {"n_estimators": 30, "random_state": 1, "n_jobs": 1}
    theirs = ensemble.RandomForestClassifier(**parameters).fit(features[:400], labels[:400])
    ours = ArrayForest(**parameters, backend="intelex").fit(features[:400], labels[:400])
    check_trees(ours)
    assert not ours.single_
    # The same trees, added up in another order.
    expected = theirs.predict_proba(features)
    np.testing.assert_allclose(ours.predict_proba(features), expected, atol=1e-6)
    clear = np.sort(expected, axis=1)
    clear = clear[:, -1] - clear[:, -2] > 1e-6
    np.testing.assert_array_equal(ours.predict(features)[clear], theirs.predict(features)[clear])
