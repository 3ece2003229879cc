"""The terms beyond Table 8: each alone, left out, and in a model that is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from trainables.classical import Classical, preparation
from trainables.classical.names import FURTHER, PARAMETERS
from trainables.classical.scaling import TargetScaler
from trainables.features import glcm, lbp
from trainables.grey_levels import GREY_LEVELS

GLCM_RF = {
    "extractor": "glcm", "glcm_distances": [1, 4], "glcm_angles": [0], "classifier": "rf",
    "rf_trees": 10, "rf_max_features": "sqrt", "rf_max_depth": None, "rf_class_weight": None,
}  # fmt: skip
SVM = {"classifier": "svm", "svm_c": 8, "svm_gamma": 0, "svm_class_weight": None}
LBP_SVM = {"extractor": "lbp", "lbp_points": 8, "lbp_radius": 2, **SVM}
SIFT_RF = {**GLCM_RF, "extractor": "sift", "sift_clusters": 10}
DEFAULTS = {name: values[0] for name, values in FURTHER.items()}
TERMS = [{name: value} for name, values in FURTHER.items() for value in values[1:]]
CONFIGURATIONS = pytest.mark.parametrize(
    "configuration", [GLCM_RF, LBP_SVM, SIFT_RF], ids=["glcm", "lbp", "sift"]
)


def name_of(term: dict[str, str]) -> str:
    return ",".join(term.values())


def table(
    data: SimpleNamespace, configuration: dict[str, Any], path: Path | None = None, **options: Any
) -> np.ndarray:
    trainable = Classical(data, options, "cpu")
    (report,) = trainable.train(configuration, seed=3, budget=1, checkpoint=path)
    assert "status" not in report
    return data.scored[-1]


def stored(data: SimpleNamespace) -> set[Path]:
    return {path for path in data.cache.rglob("*") if path.suffix == ".npy"}


@CONFIGURATIONS
def test_the_defaults_change_nothing(
    data: SimpleNamespace, tmp_path: Path, configuration: dict[str, Any]
) -> None:
    before = table(data, configuration, tmp_path / "before")
    files = stored(data)
    after = table(data, configuration | DEFAULTS, tmp_path / "after")
    np.testing.assert_array_equal(after, before)
    assert stored(data) == files
    assert {path.parts[-3] for path in files} <= {data.train.digest, data.validation.digest}
    assert not Classical(data, {}, "cpu").load(tmp_path / "after").together


@pytest.mark.parametrize("term", TERMS, ids=name_of)
@CONFIGURATIONS
def test_a_loaded_model_has_each_term(
    data: SimpleNamespace, tmp_path: Path, configuration: dict[str, Any], term: dict[str, str]
) -> None:
    before = table(data, configuration)
    found = table(data, configuration | term, tmp_path / "model")
    assert not np.array_equal(found, before)
    np.testing.assert_array_equal(table(data, configuration | term, store=False), found)
    model = Classical(data, {}, "cpu").load(tmp_path / "model")
    assert model.together == ("feature_statistics" in term)
    np.testing.assert_array_equal(model.predict_proba(data.validation.images), found)


def test_target_statistics_undo_a_shift_of_all_features() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 5))
    features[:, 3] = 7  # a feature that all images share
    scaler = TargetScaler()
    np.testing.assert_allclose(scaler.fit_transform(features).std(0), [1, 1, 1, 0, 1])
    shifted = rng.uniform(0.5, 9, 5) * features + rng.normal(size=5)
    np.testing.assert_allclose(scaler.transform(shifted), scaler.transform(features), atol=1e-9)


def test_a_single_image_has_the_statistics_of_training() -> None:
    features = np.random.default_rng(1).normal(5, 2, (40, 3))
    scaler = TargetScaler().fit(features)
    expected = (features[:1] - features.mean(0)) / features.std(0)
    np.testing.assert_allclose(scaler.transform(features[:1]), expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"grey_levels": "equalized"},
            "grey_levels must be none, standardised, equalised or local_contrast, not 'equalized'",
        ),
        ({"feature_statistics": None}, "feature_statistics must be training or target, not None"),
    ],
)
def test_other_values_are_refused(
    data: SimpleNamespace, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        table(data, GLCM_RF | change)


def test_what_a_space_reaches_is_prepared_for_each(
    data: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "WORTHWHILE_PIXELS", 1)
    reach = {
        "extractor": ["glcm", "lbp"], "glcm_distances": [[1, 4]], "glcm_angles": [[0]],
        "lbp_points": [8], "lbp_radius": [2], "grey_levels": list(GREY_LEVELS),
    }  # fmt: skip
    trainable = Classical(data, {}, "cpu")
    phases = Classical.preparations({}, reach, data)
    assert [len(phase) for phase in phases] == [8, 8]
    for phase in phases:
        for item in phase:
            trainable.prepare(json.loads(json.dumps(item)))
    assert Classical.preparations({}, reach, data) == [[], []]
    fresh = [table(data, LBP_SVM | {"grey_levels": kind}, store=False) for kind in GREY_LEVELS]
    monkeypatch.setattr(glcm, "glcm_properties", lambda *_: pytest.fail("extracted again"))
    monkeypatch.setattr(lbp, "lbp_histograms", lambda *_: pytest.fail("extracted again"))
    for kind, expected in zip(GREY_LEVELS, fresh, strict=True):
        np.testing.assert_array_equal(table(data, LBP_SVM | {"grey_levels": kind}), expected)


def test_the_extended_space_is_table_8_s_and_these_terms() -> None:
    folder = Path(__file__).parents[3] / "conf/space"
    extended, paper = (
        yaml.safe_load((folder / f"{name}.yaml").read_text())
        for name in ("classical_extended", "classical")
    )
    further = {name: extended["parameters"].pop(name) for name in FURTHER}
    assert extended["parameters"] == paper["parameters"]
    assert {name: tuple(one["choices"]) for name, one in further.items()} == dict(FURTHER)
    assert {name: one["default"] for name, one in further.items()} == DEFAULTS
    published = {source: one | DEFAULTS for source, one in paper["published"].items()}
    assert extended["published"] == published
    Classical.check({}, frozenset((*PARAMETERS, *FURTHER)), None)
