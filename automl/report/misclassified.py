"""Which misclassified test images the page shows, and in what words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.formatting import counted
from automl.predictions import from_digits
from automl.report.access import rows, text, words

MOST = 24
"""Images on the page: with the paper's three domains, one of every kind of error."""

_OLD = (
    "Which images these are was not recorded: the ledger is older than the record of each "
    "image's class."
)


@dataclass(frozen=True)
class Wrong:
    """One misclassified image.

    Attributes:
        domain: and ``split`` are those that it lies in.
        index: its place in the split.
        true: name of its class.
        predicted: name of the class that the model gave it.
        digest: of the split.
    """

    domain: str
    split: str
    index: int
    true: str
    predicted: str
    digest: str


@dataclass(frozen=True)
class Choice:
    """The images to show, and one sentence on them; empty where no test image was evaluated."""

    images: tuple[Wrong, ...]
    sentence: str


def choose(results: Mapping[str, Any], most: int = MOST) -> Choice:
    """Choose misclassified test images from ``images_evaluated``.

    A kind of error is a domain, a true and a predicted class. Kinds take turns, the frequent ones
    of a domain first, so that each is shown once before any is shown twice; of one kind evenly
    spaced images are taken.

    Args:
        results: as ``automl.report.details.detailed`` returns them.
        most: how many images at most.
    """
    recorded = [one for one in rows(results, "images_evaluated") if text(one, "split") == "test"]
    if not recorded:
        return Choice((), "")
    kinds: dict[tuple[int, int, int], list[int]] = {}
    for place, one in enumerate(recorded):
        if not _readable(one):
            return Choice((), _OLD)
        kinds |= {(place, *kind): found for kind, found in _errors(one).items()}
    total = sum(map(len, kinds.values()))
    if not total:
        return Choice((), "Every test image was classified correctly.")
    shown = _turns({kind: len(found) for kind, found in kinds.items()}, most)
    images = [
        _wrong(recorded[place], kinds[place, true, predicted][at], true, predicted)
        for (place, true, predicted), count in shown.items()
        for at in _spaced(len(kinds[place, true, predicted]), count)
    ]
    if len(images) == total:
        return Choice(tuple(images), f"All {counted(total, 'misclassified images')}.")
    sentence = (
        f"{len(images)} of {counted(total, 'misclassified images')}: each kind of error once "
        "before any twice, and of one kind evenly spaced images."
    )
    return Choice(tuple(images), sentence)


def _readable(one: Mapping[str, Any]) -> bool:
    predicted, labels = one.get("predicted"), one.get("labels")
    if not isinstance(predicted, str) or not isinstance(labels, str):
        return False
    return len(predicted) == len(labels)


def _errors(one: Mapping[str, Any]) -> dict[tuple[int, int], list[int]]:
    """Places of the misclassified images by (true, predicted), the frequent kinds first."""
    labels, predicted = from_digits(one["labels"]), from_digits(one["predicted"])
    found: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for index in np.flatnonzero(labels != predicted).tolist():
        found[int(labels[index]), int(predicted[index])].append(index)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def _turns(
    available: Mapping[tuple[int, int, int], int], most: int
) -> dict[tuple[int, int, int], int]:
    """How many of each kind are taken when the kinds take turns until there are ``most``."""
    taken = dict.fromkeys(available, 0)
    left = min(most, sum(available.values()))
    while left:
        for kind, count in available.items():
            if left and taken[kind] < count:
                taken[kind] += 1
                left -= 1
    return taken


def _spaced(count: int, taken: int) -> list[int]:
    return [(2 * turn + 1) * count // (2 * taken) for turn in range(taken)]


def _wrong(one: Mapping[str, Any], index: int, true: int, predicted: int) -> Wrong:
    classes = dict(enumerate(words(one, "classes")))
    return Wrong(
        domain=text(one, "domain", "test"),
        split=text(one, "split", "test"),
        index=index,
        true=classes.get(true, str(true)),
        predicted=classes.get(predicted, str(predicted)),
        digest=text(one, "digest"),
    )
