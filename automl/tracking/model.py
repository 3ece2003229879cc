"""The fitted model that a search hands to MLflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True)
class Restorable:
    """A model's file and what `automl.plugins.Restoring.restore` wants besides.

    Attributes:
        checkpoint: The file.
        trainable: Its class as ``package.module:Class``.
        options: The trainable's options.
        classes: Names of the columns of the model's probabilities.
    """

    checkpoint: Path
    trainable: str
    options: Mapping[str, Any]
    classes: tuple[str, ...]

    @property
    def package(self) -> str:
        """The top-level package that the trainable lives in."""
        return self.trainable.partition(":")[0].partition(".")[0]


@dataclass(frozen=True)
class LoggedModel:
    """A fitted model with what MLflow's signature is made from.

    Attributes:
        flavor: How it is saved: ``restorable`` as its own file, which the trainable's code reads
            where the model is served; else by the MLflow flavour of that name.
        native: A :class:`Restorable`, a scikit-learn estimator or a ``torch.nn.Module``.
        input_example: Images (1 or more, height, width) uint8.
        output_example: What the model returns for them; its first axis counts images. Where it
            is a float for each class of a scikit-learn classifier, MLflow's general interface
            calls ``predict_proba``, else ``predict``.
        code_paths: Packages that the model is made of and that no registry has; they are
            stored with the model, so that it loads elsewhere.
    """

    flavor: Literal["restorable", "sklearn", "pytorch"]
    native: object
    input_example: np.ndarray
    output_example: np.ndarray
    code_paths: tuple[Path, ...] = ()


ModelSource = Callable[[], LoggedModel | None]
"""Loads the model; None where it is of no kind that can be saved."""
