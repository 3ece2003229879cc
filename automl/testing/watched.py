"""What a trainable sees, with an eye on what it must not ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from automl.plugins import Images, Split, TrainingData
from automl.scoring import Labels

# How a data set is asked for its test splits; training data have none of these.
_DOORS = ("split", "splits", "unsealed", "domains", "packed")


@dataclass(frozen=True)
class WatchedSplit:
    """A split that nobody can write to."""

    images: Images
    labels: Labels
    names: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class WatchedData(TrainingData):
    """Training data that note in ``asked`` where they are asked for test data, and refuse."""

    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        if "test" in name.lower() or name in _DOORS:
            self.asked.append(name)
            raise PermissionError(f"data.{name}: a trainable sees training and validation alone")
        raise AttributeError(f"training data have no '{name}'")


def watched(data: TrainingData, asked: list[str]) -> WatchedData:
    """Return read-only copies of the data, as a search hands them out.

    Args:
        data: What to copy.
        asked: Gets the name of whatever is asked for that leads to test data.
    """
    return WatchedData(
        classes=data.classes,
        image_shape=data.image_shape,
        train=_read_only(data.train),
        validation=_read_only(data.validation),
        projection=data.projection,
        cache=data.cache,
        asked=asked,
    )


def _read_only(split: Split) -> WatchedSplit:
    images, labels = np.array(split.images), np.array(split.labels)
    images.setflags(write=False)
    labels.setflags(write=False)
    return WatchedSplit(images, labels, split.names, split.digest)
