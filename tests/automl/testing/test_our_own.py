"""The trainables and data sets that come with the framework keep the rules."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from automl.testing import (
    DataCase,
    TrainableCase,
    data_rules,
    generated_data,
    rule_name,
    trainable_rules,
)
from diffranet.dataset import DiffraNet, SimulatedDiffraNet
from diffranet.domains import DOMAINS
from trainables.classical import Classical
from trainables.deepfreak.trainable import DeepFreak

SPACES = Path(__file__).parents[3] / "conf" / "space"
IMAGES = partial(generated_data, classes=5, size=32, train=25, validation=10)


def space(name, **only):
    return {**yaml.safe_load((SPACES / f"{name}.yaml").read_text()), "only": only}


# What trains on 25 images in a moment.
CLASSICAL = space("classical", extractor=["glcm", "lbp"], rf_trees=10)
GLCM = {"extractor": "glcm", "glcm_distances": [1, 4], "glcm_angles": [0]}
CASES = {
    "classical_rf": TrainableCase(
        Classical,
        data=IMAGES,
        configuration={
            **GLCM,
            "classifier": "rf",
            "rf_trees": 10,
            "rf_max_features": "sqrt",
            "rf_max_depth": None,
            "rf_class_weight": None,
        },
        space=CLASSICAL,
    ),
    "classical_svm": TrainableCase(
        Classical,
        data=IMAGES,
        configuration={
            **GLCM,
            "classifier": "svm",
            "svm_c": 32,
            "svm_gamma": 0,
            "svm_class_weight": "balanced",
        },
        options={"store": False},
        parameters=frozenset(CLASSICAL["parameters"]),
    ),
    "deepfreak": TrainableCase(
        DeepFreak,
        data=IMAGES,
        configuration={
            "topology": 10,
            "learning_rate": 0.01,
            "momentum": 0.9,
            "weight_decay": 1e-5,
            "batch_size": 8,
        },
        budget=3,
        options={"width": 0.0625, "blocks": [1, 1, 1, 1], "pool": "scaled"},
        failing={
            "topology": 10,
            "learning_rate": 1e30,
            "momentum": 0.9,
            "weight_decay": 1e-5,
            "batch_size": 8,
        },
        space=space("deepfreak"),
    ),
}


def folder_options(folder, number):
    """The published layout, in noise of size 16."""
    noise = np.random.default_rng(number)
    for domain in DOMAINS:
        for split in domain.splits:
            for label in range(1, len(domain.classes) + 1):
                place = folder / domain.name / split / str(label)
                place.mkdir(parents=True)
                for name in ("a", "b"):
                    pixels = noise.integers(0, 256, (16, 16), dtype=np.uint8)
                    Image.fromarray(pixels).save(place / f"{name}.png")
    return {"root": str(folder)}


def simulated_options(folder, number):
    counts = {"train": 5, "validation": 5, "test": 5}
    return {
        "image_size": 32,
        "extent": 64,
        "mosaic_domains": 1,
        "seed": number,
        "counts": {"synthetic": counts, "real": {"validation": 2, "test": 2}},
    }


DATA = {
    "diffranet": DataCase(DiffraNet, folder_options),
    "diffranet_simulated": DataCase(SimulatedDiffraNet, simulated_options),
}


@pytest.mark.parametrize(
    ("case", "rule"),
    [
        pytest.param(case, rule, id=f"{name}-{rule_name(rule)}")
        for name, case in CASES.items()
        for rule in trainable_rules(case)
    ],
)
def test_trainable(case, rule, tmp_path):
    rule(case, tmp_path)


@pytest.mark.parametrize("rule", data_rules(), ids=rule_name)
@pytest.mark.parametrize("name", DATA)
def test_data_set(name, rule, tmp_path):
    rule(DATA[name], tmp_path)
