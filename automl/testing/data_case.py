"""A data set under test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.plugins import DataSet, Domain, Split
from automl.testing.contract import call


@dataclass(frozen=True)
class DataCase:
    """What the rules need to know.

    Attributes:
        dataset: The class.
        options: Given an empty folder and a number, 0 or 1, returns options of a small data set,
            whose files, if it has any, it has written there. Equal numbers mean equal images,
            different ones different images. Called often: keep them small.
    """

    dataset: Any
    options: Callable[[Path, int], Mapping[str, Any]]


def made(case: DataCase, folder: Path, number: int) -> dict[str, Any]:
    """Return the options of data set ``number``, with its files in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return dict(case.options(folder, number))


def prepared(case: DataCase, folder: Path, number: int = 0, workers: int = 1) -> DataSet:
    """Return data set ``number``, with its files and its cache in the folder."""
    options = made(case, folder / "source", number)
    cache = folder / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    data: DataSet = call(
        "prepare", case.dataset.prepare, options, cache=cache, workers=workers, progress=None
    )
    return data


def all_splits(data: DataSet) -> Iterator[tuple[str, Domain, Split]]:
    """Return each split of unsealed data with its place, such as ``synthetic/train``."""
    opened: DataSet = call("unsealed", data.unsealed)
    for name, domain in opened.domains.items():
        for split in domain.splits:
            place = f"{name}/{split}"
            yield place, domain, call(f"split {place}", opened.split, name, split)
