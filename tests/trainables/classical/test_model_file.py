"""Files of models: what is written, what is read back, and what is refused."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from trainables.classical import Classical
from trainables.classical.forest_kernel import NODE
from trainables.classical.model_file import load_pipeline, save_pipeline
from trainables.features.transformers import GLCM

RF = {"classifier": "rf", "rf_trees": 7, "rf_max_features": "sqrt", "rf_max_depth": None}
WEIGHTS = [0.35, 0.35, 0.1, 0.1, 0.1]
GLCM_RF = {
    "extractor": "glcm", "glcm_distances": [1, 4], "glcm_angles": [0, 45],
    **RF, "rf_class_weight": WEIGHTS,
}  # fmt: skip
LBP_SVM = {
    "extractor": "lbp", "lbp_points": 8, "lbp_radius": 2,
    "classifier": "svm", "svm_c": 32, "svm_gamma": 0, "svm_class_weight": WEIGHTS,
}  # fmt: skip
SIFT_SVM = {**LBP_SVM, "extractor": "sift", "sift_clusters": 10}


def trained(data: SimpleNamespace, configuration: dict[str, Any], path: Path) -> np.ndarray:
    """Train, write the model, and return the probabilities of the trial."""
    trainable = Classical(data, {}, "cpu")
    list(trainable.train(configuration, seed=3, budget=1, checkpoint=path))
    return data.scored[-1]


@pytest.fixture(params=[GLCM_RF, LBP_SVM, SIFT_SVM], ids=["rf", "svm", "sift"])
def model(
    request: pytest.FixtureRequest, data: SimpleNamespace, tmp_path: Path
) -> tuple[Path, np.ndarray]:
    path = tmp_path / "model.ckpt"
    return path, trained(data, request.param, path)


def test_a_file_holds_plain_values_and_arrays_and_gives_them_back(
    model: tuple[Path, np.ndarray], data: SimpleNamespace, tmp_path: Path
) -> None:
    path, expected = model
    with zipfile.ZipFile(path) as archive:
        assert {Path(name).suffix for name in archive.namelist()} == {".json", ".npy"}
    pipeline = load_pipeline(path)
    found = Classical.restore(path, {}, classes=data.classes, device="cpu")
    np.testing.assert_array_equal(found.predict_proba(data.validation.images), expected)
    classifier = pipeline[-1].get_params()
    assert classifier["class_weight"] == dict(enumerate(WEIGHTS))
    assert classifier["random_state"] == 3
    save_pipeline(pipeline, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes(), "equal models, equal files"


def rewritten(path: Path, change: Callable[[dict[str, Any], dict[str, np.ndarray]], None]) -> None:
    """Change what a file holds, as whoever means harm would."""
    with zipfile.ZipFile(path) as archive:
        described = json.loads(archive.read("model.json"))
        arrays = {name: np.load(archive.open(name)) for name in archive.namelist()[1:]}
    change(described, arrays)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps(described))
        for name, array in arrays.items():
            with archive.open(name, "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=True)


def _to(name: str, value: Any) -> Callable[[Any, Any], None]:
    def change(described: Any, arrays: Any) -> None:
        del described
        arrays[name] = value(arrays[name]) if callable(value) else value

    return change


def _node(field: str, value: int) -> Callable[[Any, Any], None]:
    def change(described: Any, arrays: Any) -> None:
        del described
        arrays["classifier_nodes.npy"][field][0] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _node("feature", 24),
        _node("left", 0),
        _node("right", 10**6),
        _node("left", -5),
        _to("classifier_roots.npy", lambda roots: roots + 1),
        _to("classifier_roots.npy", lambda roots: roots[:0]),
        _to("classifier_values.npy", lambda values: values[:1]),
        _to("classifier_values.npy", lambda values: values[:, :2]),
        _to("classifier_values.npy", lambda values: values.astype(np.float32)),
        _to("classifier_nodes.npy", np.zeros(3, NODE)),
        _to("classifier_nodes.npy", np.array([{}], dtype=object)),
        _to("scaler_scale.npy", lambda scale: scale[1:]),
        lambda described, _: described.update(format="classical-9"),
        lambda described, _: described["extractor"].update(kind="os.system"),
        lambda described, _: described["extractor"]["parameters"].update(distances=[1]),
        lambda described, _: described["extractor"]["parameters"].update(shell="rm"),
        lambda described, _: described.pop("scaler"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused(
    data: SimpleNamespace, tmp_path: Path, change: Callable[[Any, Any], None]
) -> None:
    path = tmp_path / "model.ckpt"
    trained(data, GLCM_RF, path)
    rewritten(path, lambda described, arrays: None)
    load_pipeline(path)
    rewritten(path, change)
    with pytest.raises(ValueError, match=r"model\.ckpt: not a readable model") as refusal:
        load_pipeline(path)
    assert "\n" not in str(refusal.value)


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(damage=st.data())
def test_a_flipped_byte_is_refused_or_does_no_harm(
    damage: st.DataObject, data: SimpleNamespace, tmp_path: Path
) -> None:
    path = tmp_path / "model.ckpt"
    if not path.exists():
        trained(data, LBP_SVM, path)
        path.with_suffix(".whole").write_bytes(path.read_bytes())
    whole = bytearray(path.with_suffix(".whole").read_bytes())
    whole[damage.draw(st.integers(0, len(whole) - 1))] ^= damage.draw(st.integers(1, 255))
    path.write_bytes(whole)
    with suppress(ValueError):
        # Where it was a date or the like, the model is whole.
        load_pipeline(path).predict(data.validation.images)


def test_missing_and_cut_files_are_one_line(data: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.ckpt: there is no such model"):
        load_pipeline(tmp_path / "none.ckpt")
    path = tmp_path / "model.ckpt"
    trained(data, GLCM_RF, path)
    whole = path.read_bytes()
    for damaged in (b"", b"no model", whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"model\.ckpt: not a readable model"):
            load_pipeline(path)
    with pytest.raises(ValueError, match="not a readable model"):
        load_pipeline(tmp_path)


def test_a_failed_save_leaves_no_file(
    data: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "models" / "m"
    trained(data, GLCM_RF, path)
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match="No space left"):
        trained(data, GLCM_RF, path)
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == before


class Trap:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return self.path.touch, ()


@pytest.mark.parametrize("compress", [0, 3])
def test_a_pickle_is_refused_and_not_run(tmp_path: Path, compress: int) -> None:
    joblib.dump(Trap(tmp_path / "ran"), tmp_path / "trap.ckpt", compress=compress)
    with pytest.raises(ValueError, match="a pickle, as earlier versions wrote it") as refusal:
        Classical.restore(tmp_path / "trap.ckpt", {}, classes=("a", "b"), device="cpu")
    assert "--trust-pickle" in str(refusal.value)
    assert not (tmp_path / "ran").exists()
    with pytest.raises(ValueError, match="holds a NoneType, not a scikit-learn Pipeline"):
        Classical.restore_trusted(tmp_path / "trap.ckpt", {}, classes=("a", "b"), device="cpu")
    assert (tmp_path / "ran").exists(), "this is what the warning is about"


@pytest.mark.parametrize(
    "classifier", [RandomForestClassifier(9, random_state=1), SVC(C=8, random_state=1)]
)
def test_a_trusted_pickle_of_an_earlier_version_predicts_as_it_did(
    data: SimpleNamespace, tmp_path: Path, classifier: Any
) -> None:
    old = Pipeline(
        [("extractor", GLCM([1], [0])), ("scaler", StandardScaler()), ("classifier", classifier)]
    ).fit(data.train.images, data.train.labels)
    joblib.dump(old, tmp_path / "old.ckpt", compress=3)
    model = Classical.restore_trusted(tmp_path / "old.ckpt", {}, classes=data.classes, device="cpu")
    found = model.predict_proba(data.validation.images)
    np.testing.assert_array_equal(found.argmax(1), old.predict(data.validation.images))
    if hasattr(old, "predict_proba"):
        np.testing.assert_array_equal(found, old.predict_proba(data.validation.images))
    save_pipeline(model.native, tmp_path / "new.ckpt")
    again = Classical.restore_trusted(tmp_path / "new.ckpt", {}, classes=data.classes, device="cpu")
    np.testing.assert_array_equal(again.predict_proba(data.validation.images), found)
