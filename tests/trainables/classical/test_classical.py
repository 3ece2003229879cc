import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from trainables.classical import Classical
from trainables.features import bovw
from trainables.features.transformers import GLCM

RF = {
    "classifier": "rf",
    "rf_trees": 10,
    "rf_max_features": "sqrt",
    "rf_max_depth": None,
    "rf_class_weight": None,
}
SVM = {"classifier": "svm", "svm_c": 32, "svm_gamma": 0, "svm_class_weight": "balanced"}
EXTRACTORS: dict[str, dict[str, Any]] = {
    "glcm": {"extractor": "glcm", "glcm_distances": [1, 4], "glcm_angles": [0, 45]},
    "lbp": {"extractor": "lbp", "lbp_points": 8, "lbp_radius": 2},
    "lbp0": {"extractor": "lbp", "lbp_points": 8, "lbp_radius": 0},
    "sift": {"extractor": "sift", "sift_clusters": 10},
    "sift250": {"extractor": "sift", "sift_clusters": 250},
}
GLCM_RF = EXTRACTORS["glcm"] | RF
GLCM_SVM = EXTRACTORS["glcm"] | SVM


def run(
    data: SimpleNamespace,
    configuration: dict[str, Any],
    *,
    seed: int = 0,
    checkpoint: Path | None = None,
    **options: Any,
) -> dict[str, Any]:
    trainable = Classical(data, options, "cpu")
    (report,) = trainable.train(configuration, seed=seed, budget=1, checkpoint=checkpoint)
    return report


def test_report(data: SimpleNamespace) -> None:
    report = run(data, GLCM_RF)
    assert set(report) == {
        "epoch",
        "train_accuracy",
        "validation_accuracy",
        "validation_loss",
        "feature_seconds",
        "fit_seconds",
        "seconds",
    }
    assert report["epoch"] == 1
    assert report["feature_seconds"] + report["fit_seconds"] <= report["seconds"]
    assert json.loads(json.dumps(report)) == report
    assert report["train_accuracy"] > 0.9
    assert report["validation_accuracy"] > 0.6


def test_forest_equals_plain_scikit_learn(data: SimpleNamespace) -> None:
    report = run(data, GLCM_RF, seed=5)
    plain = make_pipeline(
        GLCM([1, 4], [0, 45]), StandardScaler(), RandomForestClassifier(10, random_state=5)
    ).fit(data.train.images, data.train.labels)
    np.testing.assert_array_equal(data.scored[0], plain.predict_proba(data.validation.images))
    assert report["train_accuracy"] == plain.score(data.train.images, data.train.labels)


@pytest.mark.parametrize("classifier", [RF, SVM], ids=["rf", "svm"])
@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_saved_model_equals_the_trial(
    data: SimpleNamespace, tmp_path: Path, extractor: str, classifier: dict[str, Any]
) -> None:
    path = tmp_path / "models" / "best.ckpt"
    report = run(data, EXTRACTORS[extractor] | classifier, checkpoint=path)
    model = Classical(data, {}, "cpu").load(path)
    assert model.classes == data.classes
    assert model.flavor == "sklearn"
    assert isinstance(model.native, Pipeline)
    table = model.predict_proba(data.validation.images)
    np.testing.assert_array_equal(table, data.scored[0])
    assert table.dtype == np.float64
    predicted = model.native.predict(data.validation.images)
    np.testing.assert_array_equal(table.argmax(1), predicted)
    assert report["validation_accuracy"] == np.mean(predicted == data.validation.labels)
    assert list(path.parent.iterdir()) == [path]


def test_without_checkpoint_nothing_but_features_is_written(
    data: SimpleNamespace, tmp_path: Path
) -> None:
    run(data, GLCM_RF)
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert [path.name for path in data.cache.iterdir()] == ["features"]


@pytest.mark.parametrize("configuration", [GLCM_RF, EXTRACTORS["sift"] | SVM], ids=["rf", "sift"])
def test_store_changes_no_number(data: SimpleNamespace, configuration: dict[str, Any]) -> None:
    run(data, configuration, store=False)
    assert not data.cache.exists()
    run(data, configuration)
    run(data, configuration)
    direct, computed, reused = data.scored
    np.testing.assert_array_equal(direct, computed)
    np.testing.assert_array_equal(direct, reused)


@pytest.mark.parametrize("configuration", [GLCM_RF, EXTRACTORS["sift"] | RF], ids=["glcm", "sift"])
def test_the_seed_is_the_trial(data: SimpleNamespace, configuration: dict[str, Any]) -> None:
    np.random.seed(1)  # noqa: NPY002  the global generator must have no say
    for seed in (7, 7, 2**40, 8):
        run(data, configuration, seed=seed)
        np.random.seed(2)  # noqa: NPY002
    assert np.array_equal(data.scored[0], data.scored[1])
    assert not np.array_equal(data.scored[0], data.scored[3])


def test_trials_of_all_seeds_share_a_codebook(
    data: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []
    fit = bovw.fit_codebook

    def recorded(descriptors: np.ndarray, clusters: int, seed: int) -> np.ndarray:
        seeds.append(seed)
        return fit(descriptors, clusters, seed)

    monkeypatch.setattr(bovw, "fit_codebook", recorded)
    for seed in (7, 8):
        run(data, EXTRACTORS["sift"] | RF, seed=seed)
    run(data, EXTRACTORS["sift"] | SVM, seed=7)
    assert seeds == [0]
    run(data, EXTRACTORS["sift"] | SVM, seed=7, codebook_seed=5)
    assert seeds == [0, 5]


@pytest.mark.parametrize("store", [True, False])
def test_a_codebook_per_split(data: SimpleNamespace, tmp_path: Path, store: bool) -> None:
    configuration = EXTRACTORS["sift"] | RF
    run(data, configuration)
    run(data, configuration, store=store, codebook="per_split", checkpoint=tmp_path / "m")
    shared, own = data.scored
    assert not np.array_equal(shared, own)
    model = Classical(data, {}, "cpu").load(tmp_path / "m")
    np.testing.assert_array_equal(model.predict_proba(data.validation.images), own)


def test_the_other_backend_learns_as_well(data: SimpleNamespace, tmp_path: Path) -> None:
    pytest.importorskip("sklearnex", exc_type=ImportError)
    configuration = EXTRACTORS["glcm"] | RF
    reference = run(data, configuration)
    report = run(data, configuration, backend="intelex", checkpoint=tmp_path / "m")
    # Its trees split elsewhere.
    assert np.sum(data.scored[0].argmax(1) != data.scored[1].argmax(1)) <= 3
    assert abs(report["train_accuracy"] - reference["train_accuracy"]) < 0.1
    model = Classical(data, {}, "cpu").load(tmp_path / "m")
    np.testing.assert_array_equal(model.predict_proba(data.validation.images), data.scored[1])


@pytest.mark.parametrize("classifier", [RF, SVM], ids=["rf", "svm"])
def test_classes_that_training_lacks_get_zero(
    make_data: Callable[..., SimpleNamespace], tmp_path: Path, classifier: dict[str, Any]
) -> None:
    data = make_data(present=(1, 3, 4))
    weights = {f"{classifier['classifier']}_class_weight": [0.35, 0.35, 0.1, 0.1, 0.1]}
    run(data, EXTRACTORS["glcm"] | classifier | weights, checkpoint=tmp_path / "m")
    (table,) = data.scored
    assert not table[:, [0, 2]].any()
    assert set(table.argmax(1)) <= {1, 3, 4}
    np.testing.assert_allclose(table.sum(axis=1), 1)
    model = Classical(data, {}, "cpu").load(tmp_path / "m")
    np.testing.assert_array_equal(model.predict_proba(data.validation.images), table)


def test_one_class_is_infeasible_for_an_svm_alone(
    make_data: Callable[..., SimpleNamespace],
) -> None:
    data = make_data(present=(3,))
    report = run(data, GLCM_SVM)
    assert report["epoch"] == 1
    assert report["status"] == "infeasible"
    assert "number of classes has to be greater than one" in report["reason"]
    assert "validation_accuracy" not in report
    assert run(data, GLCM_RF)["train_accuracy"] == 1


def test_distance_beyond_the_image_is_infeasible(data: SimpleNamespace) -> None:
    report = run(data, GLCM_RF | {"glcm_distances": [60]})
    assert report["status"] == "infeasible"
    assert report["reason"].startswith("GLCM distance 60 at 0 degrees leaves no pixel pair")


def test_out_of_memory_is_a_result(data: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(*_: object) -> None:
        raise MemoryError("Unable to allocate\n 9 TiB")

    monkeypatch.setattr(RandomForestClassifier, "fit", fit)
    report = run(data, GLCM_RF)
    assert report["status"] == "out_of_memory"
    assert report["reason"] == "Unable to allocate 9 TiB"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"extractor": "hog"}, "extractor must be glcm, lbp or sift, not 'hog'"),
        ({"classifier": None}, "classifier must be rf or svm, not None"),
        ({"glcm_distances": 5}, "glcm_distances must be a list of integers, not 5"),
        ({"glcm_angles": []}, "at least one distance and one angle"),
        ({"rf_class_weight": [1, 2]}, "rf_class_weight has 2 weights and the data 5 classes"),
        ({"rf_class_weight": "equal"}, "rf_class_weight must be None, 'balanced' or a list"),
        ({"extractor": "lbp"}, "extractor 'lbp' needs 'lbp_points'"),
        (EXTRACTORS["sift"] | {"sift_clusters": 0}, "sift_clusters must be at least 1, not 0"),
        (EXTRACTORS["lbp"] | {"lbp_points": 8.5}, "lbp_points must be an integer, not 8.5"),
    ],
)
def test_impossible_configurations(
    data: SimpleNamespace, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        run(data, GLCM_RF | change)


def test_a_model_of_more_classes_is_refused(
    make_data: Callable[..., SimpleNamespace], tmp_path: Path
) -> None:
    run(make_data(), GLCM_RF, checkpoint=tmp_path / "m")
    two = make_data(present=(0, 1), classes=("no-diffraction", "diffraction"))
    with pytest.raises(ValueError, match="more than the 2 classes"):
        Classical(two, {}, "cpu").load(tmp_path / "m")
