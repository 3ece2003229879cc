"""A model is logged with its signature, once, and loads back."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, ClassifierMixin

from automl.tracking.mirror import Mirror
from automl.tracking.model import LoggedModel

IMAGES = np.arange(2 * 4 * 6, dtype=np.uint8).reshape(2, 4, 6)


class Brightest(ClassifierMixin, BaseEstimator):
    """A classifier of images that is no class of scikit-learn's."""

    def fit(self, images, labels):
        self.classes_ = np.unique(labels)
        return self

    def predict(self, images):
        return (images.reshape(len(images), -1).mean(axis=1) > 30).astype(np.int64)


class Sure(Brightest):
    """The same with probabilities."""

    def predict_proba(self, images):
        return np.eye(2)[self.predict(images)]


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(24, 5)

    def forward(self, images):
        return self.layer(images.reshape(len(images), -1).float())


def sklearn_model() -> LoggedModel:
    model = Brightest().fit(IMAGES, [0, 1])
    return LoggedModel("sklearn", model, IMAGES, model.predict(IMAGES))


def probability_model() -> LoggedModel:
    model = Sure().fit(IMAGES, [0, 1])
    return LoggedModel("sklearn", model, IMAGES, model.predict_proba(IMAGES))


def torch_model() -> LoggedModel:
    torch.manual_seed(0)
    net = Net().eval()
    with torch.inference_mode():
        return LoggedModel("pytorch", net, IMAGES, net(torch.from_numpy(IMAGES)).numpy())


def mirrored(uri, ledgers, model: LoggedModel) -> tuple[Mirror, list[str]]:
    mirror = Mirror(uri, "diffranet", warn=pytest.fail, interval=0.0)
    mirror.start(ledgers.whole_search())
    mirror.finish(results=ledgers.results(), files={}, figures={}, model=lambda: model, time=0)
    return mirror, mirror.close(120)


def logged(uri, run_id):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(uri)
    return client.search_logged_models(["1"], filter_string=f"source_run_id = '{run_id}'")


@pytest.mark.parametrize("make", [sklearn_model, probability_model, torch_model])
def test_a_model_has_a_signature_and_loads_back(uri, ledgers, make):
    import mlflow

    model = make()
    mirror, problems = mirrored(uri, ledgers, model)
    assert problems == []
    (entry,) = logged(uri, mirror.parent_run_id)
    assert (entry.name, str(entry.status)) == ("model", "READY")

    loaded = mlflow.pyfunc.load_model(entry.artifact_location)
    inputs = json.loads(loaded.metadata.signature.to_dict()["inputs"])
    assert inputs[0]["tensor-spec"] == {"dtype": "uint8", "shape": [-1, 4, 6]}
    np.testing.assert_allclose(loaded.predict(IMAGES), model.output_example)
    requirements = Path(entry.artifact_location.removeprefix("file://"), "requirements.txt")
    assert all("==" in line for line in requirements.read_text().split())


def test_a_model_is_logged_once_and_a_half_logged_one_is_replaced(uri, ledgers):
    from automl.tracking.model_upload import upload_model
    from automl.tracking.store import connect

    mirror, _ = mirrored(uri, ledgers, sklearn_model())
    (first,) = logged(uri, mirror.parent_run_id)
    mirrored(uri, ledgers, sklearn_model())
    assert [entry.model_id for entry in logged(uri, mirror.parent_run_id)] == [first.model_id]

    store = connect(uri, "diffranet", None)
    store.client.delete_logged_model(first.model_id)
    store.client.create_logged_model("1", name="model", source_run_id=mirror.parent_run_id)
    upload_model(store, mirror.parent_run_id, sklearn_model())
    (entry,) = logged(uri, mirror.parent_run_id)
    assert str(entry.status) == "READY"


def test_a_model_that_cannot_be_saved_costs_a_line_and_no_more(uri, dump, ledgers):
    model = LoggedModel("sklearn", (tick for tick in [time]), IMAGES, np.zeros(2))
    _, problems = mirrored(uri, ledgers, model)
    (problem,) = problems
    assert problem.startswith("model not in MLflow:")
    assert dump()["deepfreak_bohb-smoke-seed0"]["status"] == "FINISHED"
