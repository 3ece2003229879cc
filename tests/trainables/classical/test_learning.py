from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.ensemble import RandomForestClassifier

from trainables.classical.learning import learn, scaler_of


class Forest(RandomForestClassifier):  # type: ignore[misc]
    """Remembers what it learned from."""

    def fit(self, X: Any, y: NDArray[np.int64]) -> "Forest":
        self.learned_from = X
        return super().fit(X, y)


@pytest.mark.parametrize(("words", "sparse"), [(1000, True), (20, False)])
def test_a_forest_of_words_learns_alike_from_what_is_not_zero(words: int, sparse: bool) -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 5, 400)
    counts = rng.multinomial(4, np.full(words, 1 / words), 400) + np.eye(5, words)[labels] * (
        rng.random(400)[:, np.newaxis] < 0.7
    )
    scaler = scaler_of({"extractor": "sift", "classifier": "rf"})
    features = scaler.fit_transform(counts / counts.sum(axis=1, keepdims=True))
    forest = Forest(20, max_features=0.5, random_state=1)
    learned = learn(forest, features, labels)
    assert issparse(forest.learned_from) is sparse
    plain = RandomForestClassifier(20, max_features=0.5, random_state=1).fit(features, labels)
    np.testing.assert_array_equal(forest.predict_proba(features), plain.predict_proba(features))
    np.testing.assert_array_equal(learned, plain.predict(features))
    for ours, theirs in zip(forest.estimators_, plain.estimators_, strict=True):
        np.testing.assert_array_equal(ours.tree_.threshold, theirs.tree_.threshold)


@pytest.mark.parametrize("extractor", ["glcm", "lbp", "sift"])
@pytest.mark.parametrize("classifier", ["rf", "svm"])
def test_features_are_centred_but_for_a_forest_of_words(extractor: str, classifier: str) -> None:
    scaler = scaler_of({"extractor": extractor, "classifier": classifier})
    means = scaler.fit_transform(np.arange(12.0).reshape(4, 3)).mean(axis=0)
    assert np.allclose(means, 0) is ((extractor, classifier) != ("sift", "rf"))
