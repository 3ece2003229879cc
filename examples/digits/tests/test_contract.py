"""The contracts that a search relies on."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from mine.class_folders import ClassFolders
from mine.pixels import Pixels
from mine.write_digits import write_digits

from automl.plugins import training_data
from automl.testing import DataCase, TrainableCase, data_rules, rule_name, trainable_rules

SIZES = {"train": 60, "validation": 30, "test": 30}
SPACE = Path(__file__).parents[1] / "conf" / "space" / "pixels.yaml"


def options(folder, number):
    write_digits(folder, seed=number, sizes=SIZES)
    return {"root": str(folder)}


def data(folder):
    prepared = ClassFolders.prepare(options(folder / "images", 0), cache=folder, workers=1)
    return training_data(prepared, "images", folder)


DATA = DataCase(ClassFolders, options)
TRAINABLE = TrainableCase(
    Pixels,
    data=data,
    configuration={"alpha": 1e-4, "eta0": 0.02, "penalty": "elasticnet", "l1_ratio": 0.3},
    budget=3,
    failing={"alpha": 1e-4, "eta0": 1.5e308, "penalty": "l2"},
    space=yaml.safe_load(SPACE.read_text()),
)


@pytest.mark.parametrize("rule", data_rules(), ids=rule_name)
def test_data_set(rule, tmp_path):
    rule(DATA, tmp_path)


@pytest.mark.parametrize("rule", trainable_rules(TRAINABLE), ids=rule_name)
def test_trainable(rule, tmp_path):
    rule(TRAINABLE, tmp_path)
