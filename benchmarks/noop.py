"""A data set and a trainable that do nothing, so that only the stack costs.

``python -m automl.run --config-dir=benchmarks/conf search=noop`` runs them by the real command.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

CONF = Path(__file__).parent / "conf"
CLASSES = ("no", "yes")


@dataclass(frozen=True)
class NoDomain:
    name: str = "synthetic"
    classes: tuple[str, ...] = CLASSES
    projection: tuple[int, ...] = (0, 1)
    splits: tuple[str, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class NoSplit:
    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...] = ("a", "b")
    digest: str = "0"


class NoData:
    digest = "0" * 64
    classes = CLASSES
    image_shape = (1, 1)
    views: Mapping[str, Any] = {}
    domains: Mapping[str, NoDomain] = {"synthetic": NoDomain()}

    def __init__(self, packed: Path) -> None:
        self.packed = packed

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        pass

    @classmethod
    def selectable(cls, options: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(cls.domains)

    @classmethod
    def prepare(cls, options: Mapping[str, Any], *, cache: Path, **_: Any) -> NoData:
        return cls(cache)

    @classmethod
    def open(cls, packed: Path, *, sealed: bool = True) -> NoData:
        return cls(packed)

    def unsealed(self) -> NoData:
        return self

    def split(self, domain: str, split: str) -> NoSplit:
        return NoSplit(np.zeros((2, 1, 1), np.uint8), np.array([0, 1]))

    def describe(self) -> dict[str, Any]:
        counts = {split: {"no": 1, "yes": 1} for split in NoDomain().splits}
        return {"name": "none", "digest": self.digest, "counts": {"synthetic": counts}}


class NoModel:
    classes = CLASSES
    native = None
    flavor = "none"

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        return np.eye(2)[: len(images)]


class NoOp:
    """Sleeps ``seconds`` an epoch (0 by default); accuracies rise with the epochs towards 1 - x.

    It keeps the number of epochs that it has done as its checkpoint, so that promoted
    configurations go on from there.
    """

    resumable = True

    @classmethod
    def check(cls, options: Any, space_parameters: Any, image_shape: Any) -> None:
        if not float(options["seconds"]) >= 0:
            raise ValueError(f"seconds={options['seconds']}: must be 0 or more")

    def __init__(self, data: Any, options: Any, device: str) -> None:
        self._seconds = float(options["seconds"])

    def train(
        self, configuration: Any, *, budget: int, checkpoint: Path | None, **_: Any
    ) -> Iterator[dict[str, Any]]:
        # One epoch leaves nothing to go on with: a file for each trial would be work.
        keeps = checkpoint is not None and budget > 1
        done = int(checkpoint.read_text()) if keeps and checkpoint.exists() else 0
        for epoch in range(1, budget + 1):
            if epoch > done and self._seconds:
                time.sleep(self._seconds)
            accuracy = (1.0 - configuration["x"]) * (1.0 - configuration["y"] / epoch)
            yield {"epoch": epoch, "validation_accuracy": accuracy, "replayed": epoch <= done}
        if keeps:
            checkpoint.write_text(str(budget))

    def load(self, checkpoint: Path) -> NoModel:
        return NoModel()
