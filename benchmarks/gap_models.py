"""Models of `benchmarks.gap`: trained on simulated images, asked about every domain."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.plugins import OpenData, training_data
from automl.scoring import predicted_labels
from benchmarks.gap_terms import Kind, Term
from trainables.classical import Classical
from trainables.deepfreak import checkpoint as checkpoints
from trainables.deepfreak.trainable import DeepFreak

Rights = Mapping[str, npt.NDArray[np.bool_]]
"""By domain: whether each of its images is classified rightly."""

ASKED = {
    "synthetic": ("test",),
    "real_raw": ("validation", "test"),
    "real_preprocessed": ("validation", "test"),
}
"""Splits by domain: nothing was trained on these, and nothing is selected by them."""

_TRAINABLES: Mapping[str, Any] = {"classical": Classical, "deepfreak": DeepFreak}


class FailedError(Exception):
    """A configuration could not be trained; the text is its status and reason."""


@dataclass(frozen=True)
class Answer:
    """What a model said, the CPU seconds that it was trained, and those that it took to say it."""

    rights: Rights
    training: float
    asking: float


class Models:
    """Trains the configurations of one kind, and asks their models.

    Args:
        kind: What is trained.
        data: With its test splits open.
        options: The trainable's.
        budget: Epochs, where it has any.
        folder: For checkpoints.
    """

    def __init__(
        self, kind: Kind, data: OpenData, options: Mapping[str, Any], budget: int, folder: Path
    ) -> None:
        self._kind = kind
        self._data = data
        self._budget = budget
        self._folder = folder
        self._trainable = _TRAINABLES[kind.trainable](
            training_data(data, next(iter(data.domains)), folder / "cache"), options, "cpu"
        )

    def answer(self, term: Term, seed: int) -> Answer:
        """Train, or take the default's network where the term changes none of it, and ask.

        Raises:
            FailedError: Training failed.
        """
        path = self._folder / f"{self._kind.name}-{seed}"
        begin = time.process_time()
        if term and not self._kind.trains(term):
            trained = path.with_name("otherwise")
            evaluated_otherwise(path, trained, term)
            training = 0.0
        else:
            trained = path.with_name("changed") if term else path
            self._train(term, seed, trained)
            training = time.process_time() - begin
        model = self._trainable.load(trained)
        begin = time.process_time()
        rights = {name: self._rights(model, name) for name in ASKED}
        return Answer(rights, training, time.process_time() - begin)

    def _train(self, term: Term, seed: int, path: Path) -> None:
        path.unlink(missing_ok=True)
        configuration = {**self._kind.configuration, **term}
        reports = self._trainable.train(
            configuration, seed=seed, budget=self._budget, checkpoint=path
        )
        for report in reports:
            if "status" in report:
                raise FailedError(f"{report['status']}: {report['reason']}")

    def _rights(self, model: Any, name: str) -> npt.NDArray[np.bool_]:
        splits = [self._data.split(name, split) for split in ASKED[name]]
        # All images of a domain in one call, for terms that look at them together.
        images = np.concatenate([split.images for split in splits])
        labels = np.concatenate([split.labels for split in splits])
        projection = self._data.domains[name].projection
        return np.asarray(predicted_labels(model.predict_proba(images), projection) == labels)


def evaluated_otherwise(path: Path, changed: Path, term: Term) -> None:
    """Write a DeepFreak checkpoint anew, as of a configuration that only evaluates otherwise."""
    saved = checkpoints.read(path)
    configuration = {**saved.identity["configuration"], **term}
    identity = {**saved.identity, "configuration": configuration}
    checkpoints.write(changed, replace(saved, identity=identity))
