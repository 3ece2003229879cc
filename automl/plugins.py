"""What a data set and a trainable look like to the orchestrator.

Nobody subclasses these: a class of any package with these members will do (see
``automl.registry``). Methods say what is wrong with the user's input by raising ``ValueError``
or ``OSError`` with one line; the command shows that line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from automl.scoring import Floats, Labels, score

Images = NDArray[np.uint8]
ProgressCallback = Callable[[str, int, int], None]


class Split(Protocol):
    """One split of one domain: images (n, h, w) uint8, labels (n,) into the domain's classes."""

    @property
    def images(self) -> Images: ...
    @property
    def labels(self) -> Labels: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def digest(self) -> str: ...


class Domain(Protocol):
    """A domain's classes, and what each training class counts as among them."""

    @property
    def name(self) -> str: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def projection(self) -> tuple[int, ...]: ...
    @property
    def splits(self) -> tuple[str, ...]: ...


class DataSet(Protocol):
    """Images in domains and splits, packed so that every process maps the same bytes."""

    packed: Path
    digest: str
    classes: tuple[str, ...]
    image_shape: tuple[int, int]
    domains: Mapping[str, Domain]
    views: Mapping[str, tuple[tuple[str, ...], tuple[int, ...]]]

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None: ...
    @classmethod
    def prepare(
        cls,
        options: Mapping[str, Any],
        *,
        cache: Path,
        workers: int,
        progress: ProgressCallback | None = None,
    ) -> DataSet: ...
    @classmethod
    def open(cls, packed: Path, *, sealed: bool = True) -> DataSet: ...
    def split(self, domain: str, split: str) -> Split: ...
    def unsealed(self) -> DataSet: ...
    def describe(self) -> dict[str, Any]: ...


class FittedModel(Protocol):
    """A model that can be used: images (n, h, w) uint8 in, probabilities (n, k) out."""

    classes: tuple[str, ...]
    native: Any
    flavor: str

    def predict_proba(self, images: Images) -> Floats: ...


@dataclass(frozen=True)
class TrainingData:
    """What a trainable may see of a data set: the training split and one validation split."""

    classes: tuple[str, ...]
    image_shape: tuple[int, int]
    train: Split
    validation: Split
    projection: tuple[int, ...]
    cache: Path

    def score(self, probabilities: Floats) -> dict[str, float]:
        """Return validation accuracy and loss as the selection domain counts them."""
        return score(probabilities, self.validation.labels, self.projection)


class Trainable(Protocol):
    """What a trial runs; one instance lives in each worker and serves trial after trial."""

    resumable: bool

    @classmethod
    def check(
        cls,
        options: Mapping[str, Any],
        space_parameters: frozenset[str],
        image_shape: tuple[int, int] | None,
    ) -> None: ...
    def __init__(self, data: TrainingData, options: Mapping[str, Any], device: str) -> None: ...
    def train(
        self,
        configuration: Mapping[str, Any],
        *,
        seed: int,
        budget: int,
        checkpoint: Path | None,
    ) -> Iterator[dict[str, Any]]: ...
    def load(self, checkpoint: Path) -> FittedModel: ...


def training_data(data: DataSet, select: str, cache: Path) -> TrainingData:
    """Return training on the first domain, validation on the selection domain."""
    training_domain = next(iter(data.domains))
    return TrainingData(
        classes=data.classes,
        image_shape=data.image_shape,
        train=data.split(training_domain, "train"),
        validation=data.split(select, "validation"),
        projection=data.domains[select].projection,
        cache=cache,
    )


def test_splits(domains: Sequence[Domain]) -> list[tuple[str, str]]:
    """Return every (domain, split) that the final evaluation opens."""
    return [(domain.name, "test") for domain in domains if "test" in domain.splits]
