"""A trainable: logistic regression on pixels, fitted by stochastic gradient descent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

PARAMETERS = frozenset({"alpha", "eta0", "penalty", "l1_ratio"})


def as_rows(images: np.ndarray) -> np.ndarray:
    """Return images (n, h, w) uint8 as rows (n, h * w) between 0 and 1."""
    return images.reshape(len(images), -1) / 255.0


@dataclass(frozen=True)
class Model:
    """What a checkpoint is loaded as; ``native`` is what MLflow saves."""

    classes: tuple[str, ...]
    native: Pipeline
    flavor: str = "sklearn"

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return probabilities (n, k) of images (n, h, w) uint8."""
        return self.native.predict_proba(images)


class Pixels:
    """Goes through the training images once an epoch; a checkpoint after each."""

    resumable = True
    unpickles = False  # reading a checkpoint runs no code in it

    @classmethod
    def check(
        cls, options: Mapping[str, Any], space_parameters: frozenset[str], image_shape: Any
    ) -> None:
        """Refuse options and parameters that no trial could run with.

        Raises:
            ValueError: An unknown option or parameter.
        """
        del image_shape  # any size will do
        for name in options:
            raise ValueError(f"trainable.options.{name}: unknown; there are no options")
        for name in sorted(space_parameters - PARAMETERS):
            raise ValueError(f"space: unknown parameter {name}; known: {sorted(PARAMETERS)}")

    def __init__(self, data: Any, options: Mapping[str, Any], device: str) -> None:
        del options, device  # none, and always the CPU
        self._data = data
        self._train = as_rows(data.train.images)
        self._validation = as_rows(data.validation.images)

    def train(
        self, configuration: Mapping[str, Any], *, seed: int, budget: int, checkpoint: Path | None
    ) -> Iterator[dict[str, Any]]:
        """Yield a report for each epoch, the checkpoint's first."""
        data = self._data
        # l1_ratio is active where the penalty is elasticnet, and absent elsewhere.
        model = SGDClassifier(
            loss="log_loss", learning_rate="constant", random_state=seed, **configuration
        )
        reports: list[dict[str, Any]] = []
        note = {}
        if checkpoint is not None and checkpoint.exists():
            try:
                state, reports = self._read(checkpoint)
                vars(model).update(state)
            except ValueError as error:
                note = {"note": f"{error}; begun anew"}
        yield from (dict(report) for report in reports[:budget])
        for epoch in range(len(reports) + 1, budget + 1):
            model.partial_fit(self._train, data.train.labels, classes=np.arange(len(data.classes)))
            with np.errstate(over="ignore"):
                decisions = model.decision_function(self._train)
            if not np.isfinite(decisions).all():
                yield {"epoch": epoch, "status": "diverged", "reason": "the weights overflow"}
                return
            learned = float(np.mean(model.predict(self._train) == data.train.labels))
            scores = data.score(model.predict_proba(self._validation))
            reports.append({"epoch": epoch, "train_accuracy": learned, **scores})
            if checkpoint is not None:
                _write(checkpoint, model, reports)  # before its report
            yield reports[-1] | note
            note = {}

    def load(self, checkpoint: Path) -> Model:
        """Return the model that :meth:`train` left.

        Raises:
            ValueError: The file cannot be read, or is of other images or classes.
        """
        return _model(tuple(self._data.classes), self._read(checkpoint)[0])

    @classmethod
    def restore(
        cls,
        checkpoint: Path,
        options: Mapping[str, Any],
        *,
        classes: tuple[str, ...],
        device: str,
    ) -> Model:
        """Return the same without the search's images: for ``python -m automl.predict``.

        Raises:
            ValueError: The file cannot be read, or is of other classes.
        """
        del options, device
        return _model(classes, _read(checkpoint, len(classes))[0])

    def _read(self, checkpoint: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        return _read(checkpoint, len(self._data.classes), self._train.shape[1])


def _model(classes: tuple[str, ...], state: Mapping[str, Any]) -> Model:
    model = SGDClassifier(loss="log_loss")
    vars(model).update(state)
    steps = [("rows", FunctionTransformer(as_rows)), ("model", model)]
    return Model(classes, Pipeline(steps))


def _read(
    checkpoint: Path, classes: int, pixels: int = -1
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the attributes that ``partial_fit`` goes on from, and the reports so far."""
    rows = classes if classes > 2 else 1  # one row of weights tells two classes apart
    try:
        with np.load(checkpoint, allow_pickle=False) as kept:  # arrays alone: no code in them
            if kept["classes"] != classes:
                raise ValueError(f"it knows {kept['classes']} classes, not {classes}")
            weights = kept["coef"].astype(float, order="C").reshape(rows, pixels)
            state = {
                "coef_": weights,
                "intercept_": kept["intercept"].astype(float).reshape(rows),
                "t_": float(kept["t"]),
                "classes_": np.arange(classes),
                "n_features_in_": weights.shape[1],
            }
            return state, [dict(report) for report in json.loads(str(kept["reports"]))]
    except Exception as error:  # whatever NumPy makes of a damaged file
        raise ValueError(f"{checkpoint.name} cannot be read ({error!r})") from error


def _write(checkpoint: Path, model: SGDClassifier, reports: list[dict[str, Any]]) -> None:
    partial = checkpoint.with_suffix(".partial")
    with partial.open("wb") as file:  # np.savez would put .npz behind a name
        np.savez(
            file,
            coef=model.coef_,
            intercept=model.intercept_,
            t=model.t_,
            classes=len(model.classes_),
            reports=json.dumps(reports),
        )
    partial.replace(checkpoint)  # whole, or not at all
