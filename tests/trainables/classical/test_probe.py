"""Prices of configurations, from classifiers fitted to the features of a few images."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainables.classical import Classical
from trainables.classical.probe import FEWEST, TREES

FOREST = {
    "classifier": "rf",
    "rf_trees": 10,
    "rf_max_features": "sqrt",
    "rf_max_depth": None,
    "rf_class_weight": None,
}
MACHINE = {"classifier": "svm", "svm_c": 8, "svm_gamma": 0.125, "svm_class_weight": "balanced"}
GLCM = {"extractor": "glcm", "glcm_distances": [1, 4], "glcm_angles": [0, 90]}
LBP = {"extractor": "lbp", "lbp_points": 8, "lbp_radius": 1}
SIFT = {"extractor": "sift", "sift_clusters": 5}
SIX = [{**one, **other} for one in (GLCM, LBP, SIFT) for other in (FOREST, MACHINE)]


def probe(data, configurations, *, options=None, images=(30, 15), seconds=60.0):
    return Classical.probe(
        data, options or {}, "cpu", configurations, images=images, seconds=seconds
    )


def files(folder):
    return sorted(folder.rglob("*"))


@pytest.mark.parametrize("images", [(30, 15), (45, 6)])
def test_every_kind_has_a_price_and_nothing_is_written(make_data, tmp_path, images):
    data = make_data()
    before = files(tmp_path)
    found = probe(data, SIX, images=images)
    for fixed, unit, image in found["trials"]:
        assert fixed == 0
        assert unit > 0
        assert image > 0
        assert math.isfinite(unit + image)
    assert files(tmp_path) == before


def test_after_its_time_there_are_no_more_prices(make_data):
    prices = probe(make_data(), SIX[2:4] * 6, seconds=0.0)["trials"]
    assert [price is None for price in prices] == [False] * FEWEST + [True] * (12 - FEWEST)


def test_what_cannot_be_learned_has_no_price(make_data):
    far = {**GLCM, "glcm_distances": [60], **MACHINE}
    single = make_data(present=(2,))
    assert probe(make_data(), [far, {**LBP, **MACHINE}])["trials"][0] is None
    assert probe(single, [{**LBP, **MACHINE}])["trials"] == [None]


def test_what_the_store_holds_is_not_to_be_prepared(make_data):
    data = make_data()
    trainable = Classical(data, {}, "cpu")
    wanted = [{**GLCM, **MACHINE}, {**LBP, **MACHINE}]
    empty = probe(data, wanted)
    assert empty["shared"] > 0
    # 45 images with six properties at four offsets, and with ten codes.
    assert empty["shared_bytes"] == 45 * 8 * (6 * 4 + 10)
    list(trainable.train(wanted[0], seed=0, budget=1, checkpoint=None))
    assert probe(data, wanted)["shared_bytes"] == 45 * 8 * 10
    list(trainable.train(wanted[1], seed=0, budget=1, checkpoint=None))
    full = probe(data, wanted)
    assert (full["shared"], full["shared_bytes"]) == (0.0, 0)


def test_without_a_store_nothing_is_shared(make_data):
    found = probe(make_data(), [{**LBP, **MACHINE}], options={"store": False})
    assert found["shared"] == 0


def test_a_large_forest_is_not_grown(make_data, monkeypatch):
    """It is priced by ten trees, and by one that says what is done once for all of them."""
    grown = []
    from sklearn.ensemble import RandomForestClassifier

    fit = RandomForestClassifier.fit

    def counted(forest, features, labels):
        grown.append(forest.n_estimators)
        return fit(forest, features, labels)

    monkeypatch.setattr(RandomForestClassifier, "fit", counted)
    probe(make_data(), [{**LBP, **FOREST, "rf_trees": 1000}, {**LBP, **FOREST}])
    assert grown == [1, TREES, TREES]


def test_fewer_images_than_there_will_be_are_enough(make_data):
    """Rows are repeated; no more are used than there are limits for."""
    found = probe(make_data(), [{**GLCM, **FOREST}], images=(100_000, 24_000))
    ((_, unit, _),) = found["trials"]
    assert np.isfinite(unit)
    assert "1300 images, features of 30" in found["basis"]
