"""What MLflow runs to serve a search's model: images in, the probability of each class out.

MLflow stores this file with the model and runs it where the model is loaded, so it imports
nothing of this package. The model is read by its trainable, as ``automl.predict`` reads it.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext


class SearchModel(PythonModel):
    """The chosen model of a search."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the model's file.

        Raises:
            ValueError: The file is damaged, or of another version of the trainable.
        """
        config: dict[str, Any] = context.model_config
        module, _, name = config["trainable"].partition(":")
        trainable = getattr(import_module(module), name)
        self._model = trainable.restore(
            Path(context.artifacts["checkpoint"]),
            config["options"],
            classes=tuple(config["classes"]),
            device="cpu",
        )

    def predict(
        self,
        context: PythonModelContext,
        model_input: np.ndarray,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Return a row for each image and a column for each class; rows sum to 1.

        Args:
            context: Not used.
            model_input: Images (n, height, width) uint8 of the size that the model learned from.
            params: Not used.
        """
        del context, params
        probabilities = self._model.predict_proba(np.asarray(model_input))
        return pd.DataFrame(probabilities, columns=list(self._model.classes))


set_model(SearchModel())
