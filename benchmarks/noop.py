"""A data set and a trainable that do nothing, so that only the stack costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

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
    resumable = False

    @classmethod
    def check(cls, options: Any, space_parameters: Any, image_shape: Any) -> None:
        pass

    def __init__(self, data: Any, options: Any, device: str) -> None:
        self._data = data

    def train(self, configuration: Any, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"epoch": 1, "validation_accuracy": 1.0 - configuration["x"]}

    def load(self, checkpoint: Path) -> NoModel:
        return NoModel()
