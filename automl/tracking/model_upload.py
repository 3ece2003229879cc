"""Saves a fitted model in MLflow's format and attaches it to its run, once."""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path

import mlflow.pytorch
import mlflow.sklearn
import numpy as np
from mlflow.entities import LoggedModelOutput, LoggedModelStatus
from mlflow.models import Model, ModelSignature
from mlflow.types import Schema, TensorSpec

from automl.tracking.model import LoggedModel
from automl.tracking.store import Store

NAME = "model"
# Asking MLflow to infer them means loading the model in a process of its own, which takes minutes.
_REQUIREMENTS = {
    "sklearn": ("mlflow", "numpy", "scikit-learn", "scikit-image", "scipy", "cloudpickle"),
    "pytorch": ("mlflow", "numpy", "torch", "cloudpickle"),
}


def upload_model(store: Store, run_id: str, model: LoggedModel) -> None:
    """Log ``model`` under the run as "model"; do nothing where the run has it already.

    A model whose upload was cut short is deleted first.

    Raises:
        mlflow.exceptions.MlflowException: The model cannot be saved or the store not reached.
    """
    if _is_there(store, run_id):
        return
    client = store.client
    entry = client.create_logged_model(store.experiment_id, name=NAME, source_run_id=run_id)
    with tempfile.TemporaryDirectory(prefix="automl-model-") as folder:
        path = Path(folder) / NAME
        description = Model(
            artifact_path=entry.artifact_location,
            run_id=run_id,
            model_uuid=entry.model_id,
            model_id=entry.model_id,
        )
        _save(model, path, description)
        client.log_model_artifacts(entry.model_id, str(path))
    client.log_outputs(run_id, [LoggedModelOutput(entry.model_id, step=0)])
    client.finalize_logged_model(entry.model_id, LoggedModelStatus.READY)


def signature(model: LoggedModel) -> ModelSignature:
    """Return the tensors a model takes and gives, for any number of images."""
    return ModelSignature(
        inputs=Schema([_tensor(model.input_example)]),
        outputs=Schema([_tensor(model.output_example)]),
    )


def _tensor(example: np.ndarray) -> TensorSpec:
    return TensorSpec(example.dtype, (-1, *example.shape[1:]))


def _predict_function(model: LoggedModel) -> str:
    example = model.output_example
    gives_probabilities = example.ndim == 2 and np.issubdtype(example.dtype, np.floating)
    if gives_probabilities and hasattr(model.native, "predict_proba"):
        return "predict_proba"
    return "predict"


def _is_there(store: Store, run_id: str) -> bool:
    found = store.client.search_logged_models(
        [store.experiment_id], filter_string=f"source_run_id = '{run_id}' AND name = '{NAME}'"
    )
    ready = [entry for entry in found if entry.status == LoggedModelStatus.READY]
    for entry in found:
        if entry not in ready[:1]:
            store.client.delete_logged_model(entry.model_id)
    return bool(ready)


def _save(model: LoggedModel, path: Path, description: Model) -> None:
    common = {
        "path": str(path),
        "mlflow_model": description,
        "signature": signature(model),
        "pip_requirements": [f"{name}=={version(name)}" for name in _REQUIREMENTS[model.flavor]],
        "code_paths": [str(folder) for folder in model.code_paths] or None,
    }
    if model.flavor == "sklearn":
        # skops, MLflow's default, refuses every class that is not scikit-learn's own.
        mlflow.sklearn.save_model(
            model.native,
            serialization_format="cloudpickle",
            pyfunc_predict_fn=_predict_function(model),
            **common,
        )
    else:
        mlflow.pytorch.save_model(model.native, serialization_format="pickle", **common)
