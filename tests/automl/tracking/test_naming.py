from __future__ import annotations

import math

import pytest

from automl.tracking import naming


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"topology": 10, "learning_rate": 4.8e-3, "batch_size": 8}, "3f2a · t10 lr=0.0048 b8"),
        ({"extractor": "glcm", "classifier": "rf", "trees": 100}, "3f2a · glcm+rf"),
        ({"trees": 10, "topology": 3, "depth": 2}, "3f2a · trees10 topology3 d2"),
        ({"flag": True, "angles": [0, 45], "nothing": None}, "3f2a"),
        ({}, "3f2a"),
    ],
)
def test_run_names_can_be_read(configuration, expected):
    assert naming.run_name(configuration, "3f2a9c1d0000") == expected


def test_what_tells_runs_apart_comes_first():
    name = naming.run_name({"extractor": "glcm", "classifier": "rf"}, "3f2a9c1d0000", "1")
    assert name == "3f2a seed 1 · glcm+rf"


def test_long_values_are_cut_and_lists_are_json():
    assert naming.param_value([1, 1.5, "a", None]) == '[1, 1.5, "a", null]'
    assert naming.param_value("é" * 600) == "é" * 499 + "…"


def test_keys_hold_nothing_that_mlflow_refuses():
    assert naming.key("recall[good]@2=x") == "recall_good__2_x"


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_is_stored_as_nan(value):
    stored = naming.metric_value(value)
    assert stored is not None
    assert math.isnan(stored)


@pytest.mark.parametrize("value", [None, "0.5", [1.0]])
def test_what_is_no_number_is_no_metric(value):
    assert naming.metric_value(value) is None
