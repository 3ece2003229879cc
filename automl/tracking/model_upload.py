"""Saves a fitted model in MLflow's format and attaches it to its run, once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
from mlflow.entities import LoggedModelOutput, LoggedModelStatus
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec

from automl.tracking import requirements
from automl.tracking.model import LoggedModel, Restorable
from automl.tracking.store import Store

NAME = "model"
# Asking MLflow to infer them means loading the model in a process of its own, which takes minutes.
_REQUIREMENTS = {
    "sklearn": ("mlflow", "numpy", "scikit-learn", "scikit-image", "scipy", "cloudpickle"),
    "pytorch": ("mlflow", "numpy", "torch", "cloudpickle"),
}
_SCRIPT = Path(__file__).with_name("served.py")


def upload_model(store: Store, run_id: str, model: LoggedModel) -> Any:
    """Log ``model`` under the run as "model"; leave it where the run has it already.

    A model whose upload was cut short is deleted first.

    Returns:
        MLflow's entry of the model, with ``model_id`` and ``artifact_location``.

    Raises:
        mlflow.exceptions.MlflowException: The model cannot be saved or the store not reached.
    """
    found = find_model(store, run_id)
    if found is not None:
        return found
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
    return client.finalize_logged_model(entry.model_id, LoggedModelStatus.READY)


def signature(model: LoggedModel) -> ModelSignature:
    """Return the tensors a model takes and gives, for any number of images.

    A restorable model gives a table with a column for each class.
    """
    outputs = [_tensor(model.output_example)]
    if isinstance(model.native, Restorable):
        outputs = [ColSpec("double", name) for name in model.native.classes]
    return ModelSignature(inputs=Schema([_tensor(model.input_example)]), outputs=Schema(outputs))


def _tensor(example: np.ndarray) -> TensorSpec:
    return TensorSpec(example.dtype, (-1, *example.shape[1:]))


def _predict_function(model: LoggedModel) -> str:
    example = model.output_example
    gives_probabilities = example.ndim == 2 and np.issubdtype(example.dtype, np.floating)
    if gives_probabilities and hasattr(model.native, "predict_proba"):
        return "predict_proba"
    return "predict"


def find_model(store: Store, run_id: str) -> Any:
    """Return MLflow's entry of the model that a run has, or None; delete what is half logged."""
    found = store.client.search_logged_models(
        [store.experiment_id], filter_string=f"source_run_id = '{run_id}' AND name = '{NAME}'"
    )
    ready = [entry for entry in found if entry.status == LoggedModelStatus.READY]
    for entry in found:
        if entry not in ready[:1]:
            store.client.delete_logged_model(entry.model_id)
    return ready[0] if ready else None


def _save(model: LoggedModel, path: Path, description: Model) -> None:
    common = {
        "path": str(path),
        "mlflow_model": description,
        "signature": signature(model),
        "input_example": model.input_example,
        "code_paths": [str(folder) for folder in model.code_paths] or None,
    }
    if isinstance(model.native, Restorable):
        _save_restorable(model.native, common)
        return
    common["pip_requirements"] = requirements.pinned(_REQUIREMENTS[model.flavor])
    if model.flavor == "sklearn":
        import mlflow.sklearn

        # skops, MLflow's default, refuses every class that is not scikit-learn's own.
        mlflow.sklearn.save_model(
            model.native,
            serialization_format="cloudpickle",
            pyfunc_predict_fn=_predict_function(model),
            **common,
        )
    else:
        import mlflow.pytorch

        mlflow.pytorch.save_model(model.native, serialization_format="pickle", **common)


def _save_restorable(model: Restorable, common: dict[str, Any]) -> None:
    """Save the model's own file, with the code that reads it: nothing is pickled."""
    # MLflow records where files came from; these addresses tell nobody's name.
    stage = Path(common["path"]).with_name("stage")
    stage.mkdir()
    script = shutil.copy(_SCRIPT, stage)
    checkpoint = shutil.copy(model.checkpoint, stage)
    common["code_paths"] = [
        *(common["code_paths"] or ()),
        str(requirements.folder_of(model.package)),
    ]
    mlflow.pyfunc.save_model(
        python_model=str(script),
        artifacts={"checkpoint": str(checkpoint)},
        model_config={
            "trainable": model.trainable,
            "options": dict(model.options),
            "classes": list(model.classes),
        },
        pip_requirements=requirements.of_package(model.package),
        **common,
    )
