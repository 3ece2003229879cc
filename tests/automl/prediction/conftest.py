"""A finished search with a real model and a ledger written by hand: no Ray, no search."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from automl.ledger import Ledger
from automl.plugins import training_data
from diffranet.dataset import DiffraNet
from diffranet.domains import CLASSES
from trainables.classical import Classical

SIZE = 16
LEVELS = (2, 8, 20, 60, 150)
RF = {
    "extractor": "glcm",
    "glcm_distances": [1],
    "glcm_angles": [0],
    "classifier": "rf",
    "rf_trees": 10,
    "rf_max_features": "sqrt",
    "rf_max_depth": None,
    "rf_class_weight": None,
}
SVM = {
    "extractor": "glcm",
    "glcm_distances": [1],
    "glcm_angles": [0],
    "classifier": "svm",
    "svm_c": 8,
    "svm_gamma": 0.125,
    "svm_class_weight": None,
}


class Home(NamedTuple):
    """Folders of the searches and of the images, ``images/synthetic/test/CLASS``."""

    runs: Path
    images: Path


def picture(rng: np.random.Generator, label: int, size: int = SIZE) -> np.ndarray:
    """A texture that tells its class: the brighter, the more it varies."""
    return rng.integers(0, LEVELS[label] + 1, (size, size)).astype(np.uint8)


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    place = tmp_path_factory.mktemp("prediction")
    rng = np.random.default_rng(7)
    for split, count in (("train", 12), ("validation", 4), ("test", 4)):
        for label in range(len(CLASSES)):
            folder = place / "images" / "synthetic" / split / str(label + 1)
            folder.mkdir(parents=True)
            for index in range(count):
                Image.fromarray(picture(rng, label)).save(folder / f"{index:02}.png")
    options = {"root": str(place / "images")}
    data = DiffraNet.prepare(options, cache=place / "data", workers=1)
    trainable = Classical(training_data(data, "synthetic", place / "data"), {"store": False}, "cpu")
    for name, configuration in (("forest", RF), ("machine", SVM)):
        write_search(place / "runs" / name, data, trainable, configuration)
    write_search(place / "runs" / "unfinished", data, trainable, RF, finished=False)
    return Home(place / "runs", place / "images")


def write_search(folder, data, trainable, configuration, *, finished=True):
    """Train one model and write the ledger of the search that chose it."""
    folder.mkdir(parents=True)
    checkpoint = folder / "checkpoints" / "abc-5.ckpt"
    (report,) = trainable.train(configuration, seed=5, budget=1, checkpoint=checkpoint)
    asked = {
        "number": 0,
        "phase": "confirmation",
        "configuration_id": "abc",
        "configuration": configuration,
        "budget": 1,
        "bracket": None,
        "rung": None,
        "previous_budget": None,
        "origin": "random",
        "seed": 5,
        "confirmation_seed": 0,
    }
    config = {
        "data": {"name": "diffranet"},
        "trainable": {"name": "classical", "options": {"store": False}},
    }
    views = {
        name: {"classes": list(classes), "projection": list(projection)}
        for name, (classes, projection) in data.views.items()
    }
    with Ledger(folder) as ledger:
        ledger.append("plan", name=folder.name, config=config, data=data.describe(), views=views)
        ledger.append("asked", **asked)
        accuracy = report["validation_accuracy"]
        metrics = {"validation_accuracy": accuracy}
        ledger.append("finished", number=0, loss=1 - accuracy, metrics=metrics, answered_by=None)
        if finished:
            ledger.append("chosen", configuration_id="abc", confirmation_seed=0, number=0)
            ledger.append("closed")


@pytest.fixture
def rng():
    return np.random.default_rng(11)
