"""The classes that a search trains on and is judged by: the data's own, or their two-class view.

The authors' classical scripts trained on *diffraction* against *no-diffraction*; the paper's text
and its tables have five classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from automl.plugins import Domain, Images, OpenData, Split
from automl.scoring import Labels

Labelling = Literal["full", "binary"]

VIEW = "diffraction"
"""Name of the data's two-class view."""


def check_views(views: Any) -> None:
    """Refuse views without the two classes.

    Args:
        views: Of a data set, as :class:`automl.plugins.OpenData` has them.

    Raises:
        ValueError: There is no view of that name with two classes.
    """
    if VIEW not in views or len(views[VIEW][0]) != 2:
        raise ValueError(f"labels: the data have no two-class view '{VIEW}'; use labels=full")


def labelled(data: OpenData, labels: Labelling) -> OpenData:
    """Return data with the labels that a search asks for: the same images, the same digests.

    Raises:
        ValueError: The data have no such view, or a domain's classes do not follow it.
    """
    return data if labels == "full" else BinaryData(data)


class BinaryData:
    """A data set in the classes of its two-class view, in every domain and split.

    Args:
        data: In its own classes. What a domain's class counts as follows from the training
            classes that count as it; its own two classes stay as they are.

    Raises:
        ValueError: There is no two-class view, or a domain's class is no part of one of them.
    """

    def __init__(self, data: OpenData) -> None:
        check_views(data.views)
        classes, view = data.views[VIEW]
        self._data = data
        self._relabelled = {
            name: _relabelling(domain, view, classes) for name, domain in data.domains.items()
        }
        self.packed: Path = data.packed
        self.digest: str = data.digest
        self.image_shape: tuple[int, int] = data.image_shape
        self.classes: tuple[str, ...] = tuple(classes)
        own = tuple(range(len(self.classes)))
        self.views: Mapping[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
            VIEW: (self.classes, own)
        }
        self.domains: Mapping[str, Domain] = {
            name: _BinaryDomain(domain.name, self.classes, own, tuple(domain.splits))
            for name, domain in data.domains.items()
        }

    def split(self, domain: str, split: str) -> Split:
        """Return one split, its labels among the two classes; refusals are the data's own."""
        found = self._data.split(domain, split)
        relabelled = np.asarray(self._relabelled[domain], dtype=np.int64)
        return _BinarySplit(found.images, relabelled[found.labels], found.names, found.digest)

    def unsealed(self) -> BinaryData:
        """Return the same data with its test splits open."""
        return BinaryData(self._data.unsealed())

    def describe(self) -> dict[str, Any]:
        """Return the data's own description, its images counted in the two classes."""
        found = self._data.describe()
        counts = {
            name: {split: self._count(name, of_split) for split, of_split in of_domain.items()}
            for name, of_domain in found["counts"].items()
        }
        return {**found, "counts": counts}

    def _count(self, domain: str, counts: Mapping[str, int]) -> dict[str, int]:
        names = list(self._data.domains[domain].classes)
        counted = dict.fromkeys(self.classes, 0)
        for name, count in counts.items():
            counted[self.classes[self._relabelled[domain][names.index(name)]]] += count
        return counted


@dataclass(frozen=True)
class _BinarySplit:
    images: Images
    labels: Labels
    names: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class _BinaryDomain:
    name: str
    classes: tuple[str, ...]
    projection: tuple[int, ...]
    splits: tuple[str, ...]


def _relabelling(domain: Domain, view: Sequence[int], classes: Sequence[str]) -> tuple[int, ...]:
    """Return the view's class of each class of a domain."""
    found = []
    for index, name in enumerate(domain.classes):
        among = {seen for own, seen in zip(domain.projection, view, strict=True) if own == index}
        if len(among) != 1:
            raise ValueError(
                f"labels: class '{name}' of domain '{domain.name}' is no part of "
                f"'{classes[0]}' or '{classes[1]}' alone; use labels=full"
            )
        found.append(among.pop())
    return tuple(found)
