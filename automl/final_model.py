"""The chosen model, loaded from its checkpoint for whoever keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from automl.errors import one_line
from automl.session import Session, WorkerSpec
from automl.tracking.model import LoggedModel


def final_model(worker: Mapping[str, Any], checkpoint: str | None) -> LoggedModel | None:
    """Load a model as the evaluation did, with one image as its example.

    Args:
        worker: Fields of the search's :class:`automl.session.WorkerSpec`; plain, so that any
            process can be asked.
        checkpoint: The model's file.

    Returns:
        None for a model of another kind than MLflow's flavours here know.

    Raises:
        ValueError: The file was deleted or damaged since.
    """
    session = Session(replace(WorkerSpec(**worker), device="cpu"))
    try:
        model: Any = session.load(Path(checkpoint or ""))
    except Exception as error:
        # Whatever a trainable's reader makes of a damaged file.
        raise ValueError(f"its file cannot be loaded: {one_line(error)}") from error
    if model.flavor not in ("sklearn", "pytorch"):
        return None
    example = np.asarray(session.example())
    return LoggedModel(
        flavor=model.flavor,
        native=model.native,
        input_example=example,
        output_example=model.predict_proba(example),
    )
