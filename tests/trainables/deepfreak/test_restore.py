"""A model without the data of its search."""

from __future__ import annotations

import numpy as np
import pytest

from trainables.deepfreak.trainable import DeepFreak

OPTIONS = {"width": 0.0625, "blocks": [1, 1, 1, 1], "pool": "scaled"}
CONFIGURATION = {
    "topology": 1,
    "learning_rate": 0.01,
    "momentum": 0.9,
    "weight_decay": 1e-5,
    "batch_size": 8,
}


def test_a_restored_model_is_the_loaded_one(make_data, tmp_path):
    data = make_data()
    trainable = DeepFreak(data, OPTIONS, "cpu")
    path = tmp_path / "model.ckpt"
    list(trainable.train(CONFIGURATION, seed=1, budget=1, checkpoint=path))
    restored = DeepFreak.restore(path, OPTIONS, classes=data.classes, device="cpu")
    images = data.validation.images
    expected = trainable.load(path).predict_proba(images)
    assert np.array_equal(restored.predict_proba(images), expected)
    with pytest.raises(ValueError, match="tells blank, no-crystal, weak, good, strong apart"):
        DeepFreak.restore(path, OPTIONS, classes=("no", "yes"), device="cpu")
    with pytest.raises(ValueError, match="there is no such file"):
        DeepFreak.restore(tmp_path / "x", OPTIONS, classes=data.classes, device="cpu")
