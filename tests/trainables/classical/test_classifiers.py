from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.svm import SVC

from trainables.classical.classifiers import build_classifier, class_weight
from trainables.classical.machine import WIDE, MatrixSVC
from trainables.classical.probabilities import probabilities

SVM = {"classifier": "svm", "svm_c": 1, "svm_gamma": 0, "svm_class_weight": None}
RF = {
    "classifier": "rf",
    "rf_trees": 20,
    "rf_max_features": 0.5,
    "rf_max_depth": 2,
    "rf_class_weight": None,
}


def build(configuration: dict[str, Any]) -> Any:
    return build_classifier(configuration, 3, classes=5, present=range(5))


def test_parameters_reach_scikit_learn() -> None:
    forest = build(RF).get_params()
    assert forest["n_estimators"] == 20
    assert forest["max_features"] == 0.5
    assert forest["max_depth"] == 2
    assert forest["random_state"] == 3
    assert build(SVM).gamma == "auto"
    assert build(SVM | {"svm_gamma": 0.5, "svm_c": 2**-5}).gamma == 0.5
    assert build(SVM | {"svm_c": 2**-5}).C == 2**-5


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("weight", [None, "balanced"])
@pytest.mark.parametrize("gamma", [0, 0.002])
@pytest.mark.parametrize("width", [3, WIDE - 1, WIDE])
def test_a_kernel_of_matrix_products_predicts_alike(
    classes: int, weight: str | None, gamma: float, width: int
) -> None:
    rng = np.random.default_rng(1)
    labels = np.sort(rng.integers(0, classes, 1300))
    features = rng.normal(size=(1300, width)) + 1.5 / width**0.5 * labels[:, np.newaxis]
    ours = build(SVM | {"svm_class_weight": weight, "svm_gamma": gamma})
    plain = SVC(C=1, gamma=gamma or "auto", class_weight=weight).fit(features[::2], labels[::2])
    learned = ours.fit_predict(features[::2], labels[::2])
    np.testing.assert_array_equal(learned, plain.predict(features[::2]))
    np.testing.assert_array_equal(ours.predict(features), plain.predict(features))
    np.testing.assert_allclose(
        ours.decision_function(features), plain.decision_function(features), atol=1e-9
    )
    assert 0.3 < np.mean(ours.predict(features[1::2]) == labels[1::2]) < 1


@pytest.mark.parametrize("backend", ["sklearn", "intelex"])
@pytest.mark.parametrize(("text", "count"), [("3", 3), ("0", 1), ("", 1), (None, 1)])
def test_threads_are_those_of_a_trial(
    text: str | None, count: int, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backend == "intelex":
        pytest.importorskip("sklearnex", exc_type=ImportError)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if text is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", text)
    forest = build_classifier(RF, 0, classes=5, present=range(5), backend=backend)
    assert forest.get_params()["n_jobs"] == count


@pytest.mark.parametrize(
    ("value", "classes", "present", "expected"),
    [
        (None, 5, range(5), None),
        ("balanced", 5, range(5), "balanced"),
        ([0.35, 0.35, 0.1, 0.1, 0.1], 5, range(5), {0: 0.35, 1: 0.35, 2: 0.1, 3: 0.1, 4: 0.1}),
        ((0.3, 0.3, 0.2, 0.1, 0.1), 5, [1, 4], {1: 0.3, 4: 0.1}),
        ([0.25, 0.25, 0.125, 0.125, 0.25], 2, range(2), {0: 0.5, 1: 0.5}),
        ([1, 2], 2, range(2), {0: 1, 1: 2}),
    ],
)
def test_class_weights(value: Any, classes: int, present: Any, expected: Any) -> None:
    assert class_weight(value, name="w", classes=classes, present=present) == expected


@pytest.mark.parametrize("value", ["equal", [1, 2, 3], [1, 1, 1, 1, -1], {"0": 1}, ["a"] * 5])
def test_other_class_weights_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="configuration: svm_class_weight "):
        class_weight(value, name="svm_class_weight", classes=5, present=range(5))


@pytest.mark.parametrize("configuration", [RF, SVM], ids=["rf", "svm"])
def test_weights_move_the_decision_towards_the_heavy_class(configuration: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(0, 1, (100, 2)), rng.normal(1, 1, (100, 2))])
    labels = np.repeat([0, 1], 100)
    key = f"{configuration['classifier']}_class_weight"

    def count_of_first(weights: list[float]) -> int:
        classifier = build_classifier(configuration | {key: weights}, 0, classes=5, present=[0, 1])
        classifier.fit(features, labels)
        return int(np.sum(classifier.predict(features) == 0))

    first = count_of_first([0.9, 0.1, 1, 1, 1])
    assert first > 100 > count_of_first([0.1, 0.9, 1, 1, 1])


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(6, 30))
def test_svm_argmax_is_its_prediction(seed: int, classes: int, count: int) -> None:
    """Coarse features make ties of votes and of margins common."""
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 2, (count, 2)).astype(float)
    labels = np.resize(np.arange(classes), count)
    classifier = MatrixSVC(C=float(2.0 ** rng.integers(-5, 6))).fit(features, labels)
    points = rng.integers(-1, 3, (40, 2)) / 2
    table = probabilities(classifier, points, 5)
    np.testing.assert_array_equal(table.argmax(1), classifier.predict(points))
    np.testing.assert_allclose(table.sum(1), 1)
    assert (table >= 0).all()


def test_ties_of_votes_occur_and_are_lifted() -> None:
    """The premise of the test above: decision values alone contradict `predict`."""
    contradicted = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        features = rng.integers(0, 3, (30, 2)).astype(float)
        labels = np.resize(np.arange(5), 30)
        classifier = MatrixSVC(C=1.0).fit(features, labels)
        decided = classifier.decision_function(features).argmax(1)
        contradicted += int(np.any(decided != classifier.predict(features)))
    assert contradicted > 0


def test_svm_order_follows_the_decision_values() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(0, 1, (60, 2)) + np.repeat(np.arange(3), 20)[:, np.newaxis] * 3
    labels = np.repeat(np.arange(3), 20)
    classifier = MatrixSVC(C=1.0).fit(features, labels)
    table = probabilities(classifier, features, 3)
    decision = classifier.decision_function(features)
    agree = decision.argmax(1) == classifier.predict(features)
    assert agree.mean() > 0.9
    np.testing.assert_array_equal(table[agree].argsort(1), decision[agree].argsort(1))
