"""MLflow's model, loaded in this process, answers as the one that its file holds."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from automl.tracking.mirror import Mirror
from automl.tracking.model import LoggedModel, Restorable
from trainables.classical import Classical
from trainables.deepfreak.trainable import DeepFreak

CLASSES = ("blank", "weak", "good")
SIZE = 32
GLCM = {"extractor": "glcm", "glcm_distances": [1], "glcm_angles": [0]}
FOREST = {
    "classifier": "rf",
    "rf_trees": 5,
    "rf_max_features": "sqrt",
    "rf_max_depth": None,
    "rf_class_weight": None,
}
MACHINE = {"classifier": "svm", "svm_c": 8, "svm_gamma": 0.125, "svm_class_weight": None}
NETWORK = {
    "topology": 10,
    "learning_rate": 0.01,
    "momentum": 0.9,
    "weight_decay": 1e-5,
    "batch_size": 8,
}
SMALL = {"width": 0.0625, "blocks": [1, 1, 1, 1], "pool": "scaled"}
KINDS = {
    "forest": (Classical, {"store": False}, GLCM | FOREST),
    "machine": (Classical, {"store": False}, GLCM | MACHINE),
    "network": (DeepFreak, SMALL, NETWORK),
}


@dataclass(frozen=True)
class Split:
    images: np.ndarray
    labels: np.ndarray
    digest: str = "0" * 16


@dataclass(frozen=True)
class Data:
    train: Split
    validation: Split
    cache: Path
    classes: tuple[str, ...] = CLASSES
    image_shape: tuple[int, int] = (SIZE, SIZE)

    def score(self, probabilities):
        accuracy = float((probabilities.argmax(1) == self.validation.labels).mean())
        return {"validation_accuracy": accuracy, "validation_loss": 1 - accuracy}


def split(seed: int, count: int) -> Split:
    """Textures that tell their class: the brighter, the more they vary."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    levels = np.array([5, 40, 200])[labels]
    images = [rng.integers(0, level, (SIZE, SIZE)) for level in levels]
    return Split(np.stack(images).astype(np.uint8), labels.astype(np.int64))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Trains a model of a kind once; gives it as MLflow gets it and as ``automl.predict`` does."""
    place = tmp_path_factory.mktemp("models")
    data = Data(split(1, 18), split(2, 6), place / "cache")
    made = {}

    def make(kind: str):
        if kind not in made:
            trainable, options, configuration = KINDS[kind]
            checkpoint = place / f"{kind}.ckpt"
            learner = trainable(data, options, "cpu")
            list(learner.train(configuration, seed=1, budget=1, checkpoint=checkpoint))
            target = f"{trainable.__module__}:{trainable.__qualname__}"
            native = Restorable(checkpoint, target, options, CLASSES)
            model = trainable.restore(checkpoint, options, classes=CLASSES, device="cpu")
            example = data.validation.images[:1]
            logged = LoggedModel("restorable", native, example, model.predict_proba(example))
            made[kind] = logged, model
        return made[kind]

    return make


def logged(uri, ledgers, model) -> str:
    """Bring a search with this model to a store; return the registered model's address."""
    mirror = Mirror(uri, "diffranet", warn=pytest.fail, interval=0.0)
    mirror.start(ledgers.whole_search())
    mirror.finish(results=ledgers.results(), files={}, figures={}, model=lambda: model, time=0)
    assert mirror.close(120) == []
    return f"models:/diffranet-synthetic-{SIZE}x{SIZE}@champion"


@pytest.mark.parametrize("kind", KINDS)
def test_the_registered_model_answers_as_the_restored_one(uri, ledgers, trained, kind, monkeypatch):
    import mlflow

    model, restored = trained(kind)
    address = logged(uri, ledgers, model)
    # What a user sets for one shell; MLflow's own global address is left as it is.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    loaded = mlflow.pyfunc.load_model(address)
    images = split(3, 7).images
    answer = loaded.predict(images)
    assert list(answer.columns) == list(CLASSES)
    np.testing.assert_array_equal(answer.to_numpy(), restored.predict_proba(images))
    np.testing.assert_array_equal(loaded.input_example, model.input_example)
    inputs = json.loads(loaded.metadata.signature.to_dict()["inputs"])
    assert inputs[0]["tensor-spec"] == {"dtype": "uint8", "shape": [-1, SIZE, SIZE]}
    with pytest.raises(mlflow.exceptions.MlflowException, match="shape"):
        loaded.predict(images[:, 1:])


def test_what_is_stored_holds_code_and_pins_and_no_pickle(uri, ledgers, trained):
    from mlflow.tracking import MlflowClient

    logged(uri, ledgers, trained("network")[0])
    (entry,) = MlflowClient(uri).search_logged_models(["1"])
    folder = Path(entry.artifact_location.removeprefix("file://"))
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert {"served.py", "network.ckpt", "input_example.json", "requirements.txt"} <= names
    assert not {name for name in names if name.endswith((".pkl", ".pyc"))}
    assert (folder / "code/trainables/deepfreak/network.py").is_file()
    lines = (folder / "requirements.txt").read_text().split()
    assert all(re.fullmatch(r"[\w.-]+==[\w.+]+", line) for line in lines)
    assert {"mlflow", "numpy", "pandas", "torch"} <= {line.partition("==")[0] for line in lines}
