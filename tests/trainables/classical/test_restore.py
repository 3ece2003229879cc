"""A model without the data of its search."""

from __future__ import annotations

import numpy as np
import pytest

from trainables.classical import Classical

RF = {"classifier": "rf", "rf_trees": 5, "rf_max_features": "sqrt", "rf_max_depth": None}
SVM = {"classifier": "svm", "svm_c": 8, "svm_gamma": 0.125, "svm_class_weight": None}
GLCM = {"extractor": "glcm", "glcm_distances": [1], "glcm_angles": [0]}


@pytest.mark.parametrize("classifier", [{**RF, "rf_class_weight": None}, SVM])
def test_a_restored_model_is_the_loaded_one(make_data, tmp_path, classifier):
    data = make_data()
    trainable = Classical(data, {"store": False}, "cpu")
    path = tmp_path / "model.ckpt"
    list(trainable.train({**GLCM, **classifier}, seed=1, budget=1, checkpoint=path))
    restored = Classical.restore(path, {"store": False}, classes=data.classes, device="cpu")
    images = data.validation.images
    expected = trainable.load(path).predict_proba(images)
    assert np.array_equal(restored.predict_proba(images), expected)
    assert restored.nominal == (classifier is SVM)
    with pytest.raises(ValueError, match="more than the 3 classes"):
        Classical.restore(path, {}, classes=data.classes[:3], device="cpu")
    with pytest.raises(ValueError, match="use cpu"):
        Classical.restore(path, {}, classes=data.classes, device="cuda")
