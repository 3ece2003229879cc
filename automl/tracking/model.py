"""The fitted model that a search hands to MLflow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class LoggedModel:
    """A fitted model with what MLflow's signature is made from.

    Attributes:
        flavor: The MLflow flavour that saves it.
        native: What that flavour takes: a scikit-learn estimator or a ``torch.nn.Module``.
        input_example: Images (1 or more, height, width) uint8.
        output_example: What the model returns for them; its first axis counts images. Where it
            is a float for each class of a scikit-learn classifier, MLflow's general interface
            calls ``predict_proba``, else ``predict``.
        code_paths: Packages that ``native`` is made of and that no registry has; they are
            stored with the model, so that it loads elsewhere.
    """

    flavor: Literal["sklearn", "pytorch"]
    native: object
    input_example: np.ndarray
    output_example: np.ndarray
    code_paths: tuple[Path, ...] = ()


ModelSource = Callable[[], LoggedModel | None]
"""Loads the model; None where it is of no kind that MLflow's flavours here know."""
