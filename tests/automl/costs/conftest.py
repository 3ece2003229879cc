from __future__ import annotations

import copy

import pytest
from costs_ledgers import SPACE

from automl.compose import compose_plain


@pytest.fixture(scope="module")
def composed():
    config = compose_plain(["search=classical_random", "tracking=none", "workers=2"])
    return config | {"space": SPACE}


@pytest.fixture
def config(composed, tmp_path):
    """Ten trials of 3 epochs, then 2 of 4: 38 epochs, by 2 workers."""
    config = copy.deepcopy(composed)
    config["paths"]["runs"] = str(tmp_path)
    config["trainable"]["budget"] |= {"unit": "epochs", "max": 3}
    config["algorithm"] = {"name": "random", "trials": 10, "budget": 3}
    config["confirmation"] = {"configurations": 1, "seeds": 2, "budget": 4}
    config["failures"]["trial_seconds"] = None
    return config
