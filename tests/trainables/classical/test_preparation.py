"""What a space reaches is extracted before the first trial, and trials then extract nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from trainables.classical import Classical, preparation
from trainables.features import glcm, lbp, sift
from trainables.features.extraction import Wanted
from trainables.features.glcm import Offset
from trainables.features.lbp import Neighbourhood

REACH = {
    "extractor": ["glcm", "lbp"],
    "classifier": ["svm"],
    "glcm_distances": [[1], [60], [1, 60]],
    "glcm_angles": [[0]],
    "lbp_points": [4, 8],
    "lbp_radius": [1],
}
CONFIGURATION = {
    "extractor": "glcm",
    "glcm_distances": [1],
    "glcm_angles": [0],
    "classifier": "svm",
    "svm_c": 8,
    "svm_gamma": 0.125,
    "svm_class_weight": None,
}


@pytest.fixture(autouse=True)
def worthwhile(monkeypatch):
    monkeypatch.setattr(preparation, "WORTHWHILE_PIXELS", 1)


def test_what_a_space_reaches():
    wanted = preparation.wanted_of(REACH, 48, 48)
    # At 60 pixels these images have no pair.
    assert wanted == Wanted((Offset(1, 0),), (Neighbourhood(4, 1), Neighbourhood(8, 1)))
    assert preparation.wanted_of({**REACH, "extractor": ["sift"]}, 48, 48) == Wanted((), (), True)


def test_trials_extract_nothing_any_more(data, monkeypatch):
    phases = Classical.preparations({}, REACH, data)
    assert [len(phase) for phase in phases] == [2, 2]
    trainable = Classical(data, {}, "cpu")
    for phase in phases:
        for item in phase:
            trainable.prepare(json.loads(json.dumps(item)))
    assert [list(phase) for phase in Classical.preparations({}, REACH, data)] == [[], []]

    fresh = next(iter(Classical(data, {"store": False}, "cpu").train(CONFIGURATION, **TRIAL)))
    for module, name in (
        (glcm, "glcm_properties"),
        (lbp, "lbp_histograms"),
        (sift, "sift_descriptors"),
    ):
        monkeypatch.setattr(module, name, lambda *_: pytest.fail("extracted again"))
    report = next(iter(trainable.train(CONFIGURATION, **TRIAL)))
    assert report["validation_accuracy"] == fresh["validation_accuracy"]


TRIAL = {"seed": 0, "budget": 1, "checkpoint": None}


def test_one_more_distance_is_all_that_is_extracted(data):
    trainable = Classical(data, {}, "cpu")
    for phase in Classical.preparations({}, REACH, data):
        for item in phase:
            trainable.prepare(item)
    more = {**REACH, "glcm_distances": [[1], [3]]}
    chunks, splits = Classical.preparations({}, more, data)
    assert [item["offsets"] for item in chunks] == [[[3, 0]], [[3, 0]]]
    assert [item["neighbourhoods"] for item in splits] == [[], []]


def test_little_work_is_left_to_the_trials(data, monkeypatch):
    monkeypatch.setattr(preparation, "WORTHWHILE_PIXELS", 31 * 48 * 48)
    assert Classical.preparations({}, REACH, data) == [[], []]


def test_nothing_is_prepared_without_a_store(data):
    assert Classical.preparations({"store": False}, REACH, data) == []


def test_large_chunks_are_those_of_the_images(data, monkeypatch):
    from trainables.features import extraction

    monkeypatch.setattr(extraction, "CHUNK_PIXELS", 8 * 48 * 48)
    chunks, splits = Classical.preparations({}, REACH, data)
    starts = [(item["split"], item["start"]) for item in chunks]
    assert starts == [("train", s) for s in range(0, 30, 8)] + [
        ("validation", 0),
        ("validation", 8),
    ]
    assert [item["split"] for item in splits] == ["train", "validation"]
    assert np.prod(data.train.images.shape) == 30 * 48 * 48
