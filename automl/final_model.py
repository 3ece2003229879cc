"""The chosen model, loaded from its checkpoint for whoever keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from automl import registry
from automl.errors import one_line
from automl.prediction.chosen import Search, load
from automl.session import Session, WorkerSpec
from automl.tracking.model import LoggedModel, Restorable


def restored_model(search: Search) -> LoggedModel | None:
    """Load the chosen model without the search's images, with a blank one as its example.

    Returns:
        None for a model that only the search's images bring back.

    Raises:
        UserError: The file was deleted or damaged since.
    """
    settings = search.plan["config"]["trainable"]
    trainable = registry.find("trainables", settings["name"])
    if not hasattr(trainable, "restore"):
        return None
    screen = load(search, device="cpu", model=None, trusted=False)
    example = np.zeros((1, *search.image_shape), np.uint8)
    return _restorable(trainable, search.checkpoint, settings["options"], screen.model, example)


def final_model(worker: Mapping[str, Any], checkpoint: str | None) -> LoggedModel | None:
    """Load a model as the evaluation did, with one image as its example.

    Args:
        worker: Fields of the search's :class:`automl.session.WorkerSpec`; plain, so that any
            process can be asked.
        checkpoint: The model's file.

    Returns:
        None for a model that only the search's images bring back, of a kind that MLflow's
        flavours here do not know either.

    Raises:
        ValueError: The file was deleted or damaged since.
    """
    spec = replace(WorkerSpec(**worker), device="cpu")
    session, path = Session(spec), Path(checkpoint or "")
    try:
        model: Any = session.load(path)
    except Exception as error:
        # Whatever a trainable's reader makes of a damaged file.
        raise ValueError(f"its file cannot be loaded: {one_line(error)}") from error
    trainable = registry.find("trainables", spec.trainable_name)
    example = np.asarray(session.example())
    if hasattr(trainable, "restore"):
        return _restorable(trainable, path, spec.options, model, example)
    if model.flavor not in ("sklearn", "pytorch"):
        return None
    return LoggedModel(model.flavor, model.native, example, model.predict_proba(example))


def _restorable(
    trainable: Any, path: Path, options: Mapping[str, Any], model: Any, example: np.ndarray
) -> LoggedModel:
    target = f"{trainable.__module__}:{trainable.__qualname__}"
    native = Restorable(path, target, options, tuple(model.classes))
    return LoggedModel("restorable", native, example, model.predict_proba(example))
