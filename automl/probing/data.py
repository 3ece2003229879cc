"""The images that a probe may use: those of the search, or a few like them before there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from automl.labels import VIEW, labelled
from automl.plugins import Images, TrainingData, evaluation_splits, training_data
from automl.scoring import Labels


@dataclass(frozen=True)
class Foreseen:
    """What a probe is given of the data.

    Attributes:
        data: What trials will see; or a few images, with a cache that is empty and thrown away.
        images: How many images the training and the validation split will have.
        outlook: Plain: ``ready``; ``seconds`` of one process, and ``serial_seconds`` that no
            other process shortens, until trials can see the images; ``bytes`` that are written;
            ``total``: images; ``evaluated``: images that the final evaluation classifies.
    """

    data: TrainingData
    images: tuple[int, int]
    outlook: Mapping[str, Any]


def foresee(dataset: Any, work: Mapping[str, Any], scratch: Path) -> Foreseen:
    """Ask a data set what it has, without making anything.

    Args:
        dataset: The class; see ``automl.probing.protocols.ProbingData``.
        work: ``data`` (its options), ``cache``, ``select``, ``labels`` and ``seconds``.
        scratch: An empty folder.

    Raises:
        ValueError: The data have no validation split to select on.
    """
    select, cache = work["select"], Path(work["cache"])
    seconds = work["seconds"] / 2
    found = dataset.probe(work["data"]["options"], cache=cache, seconds=seconds)
    if found["packed"] is None:
        counts: Mapping[str, Mapping[str, int]] = found["counts"]
        data = _stand_in(dataset, found, work["labels"], scratch)
    else:
        opened = labelled(dataset.open(Path(found["packed"])), work["labels"])
        counts = {
            domain: {split: sum(of_class.values()) for split, of_class in splits.items()}
            for domain, splits in opened.describe()["counts"].items()
        }
    if "validation" not in counts.get(select, {}):
        raise ValueError(f"select: the data have no validation split of a domain '{select}'")
    if found["packed"] is not None:
        data = training_data(opened, select, cache)
    domains: list[Any] = [
        SimpleNamespace(name=name, splits=tuple(splits)) for name, splits in counts.items()
    ]
    evaluated = evaluation_splits(domains, select)
    outlook = {
        "ready": found["packed"] is not None,
        "seconds": float(found.get("seconds", 0.0)),
        "serial_seconds": float(found.get("serial_seconds", 0.0)),
        "bytes": int(found.get("bytes", 0)),
        "total": sum(sum(splits.values()) for splits in counts.values()),
        "evaluated": sum(counts[domain][split] for domain, split in evaluated),
    }
    first = next(iter(counts))
    return Foreseen(data, (counts[first]["train"], counts[select]["validation"]), outlook)


@dataclass(frozen=True)
class _Few:
    images: Images
    labels: Labels
    names: tuple[str, ...]
    digest: str


def _stand_in(dataset: Any, found: Mapping[str, Any], labels: str, scratch: Path) -> TrainingData:
    images, indices = np.asarray(found["images"]), np.asarray(found["labels"], np.int64)
    classes = tuple(found["classes"])
    if labels == "binary":
        classes, view = dataset.views[VIEW]
        indices = np.asarray(view, np.int64)[indices]
    names = tuple(str(index) for index in range(len(images)))
    few = _Few(images, indices, names, "not-made-yet")
    shape: tuple[int, int] = (int(images.shape[1]), int(images.shape[2]))
    own = tuple(range(len(classes)))
    return TrainingData(tuple(classes), shape, few, few, own, scratch)
