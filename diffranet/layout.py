"""The published folder layout: ``domain/split/class/image``, and what is refused in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from diffranet.domains import DOMAINS, SYNTHETIC, Domain
from diffranet.errors import DataError
from diffranet.reader import SUFFIXES

_OTHERS = "images with other classes: docs/your_own.md"


@dataclass(frozen=True)
class ImageFile:
    """One image of the data set.

    Attributes:
        name: Path relative to the root, with forward slashes.
        domain: Name of its domain.
        split: Its split.
        label: Index into the domain's classes.
    """

    name: str
    domain: str
    split: str
    label: int


@dataclass(frozen=True)
class Layout:
    """What a root folder holds.

    Attributes:
        root: The folder.
        domains: The domains it has, each with the splits it has.
        files: All images, ordered by domain, split, class and name.
    """

    root: Path
    domains: tuple[Domain, ...]
    files: tuple[ImageFile, ...]


def scan(root: Path) -> Layout:
    """List a data set's images without opening them.

    Class folders are numbered from 1 as published, numbered from 0, or named by class. Every
    split of the synthetic domain is needed; real domains and their splits may be absent.

    Raises:
        DataError: A folder is missing, empty or unknown, or a file is no image.
    """
    if not root.is_dir():
        raise DataError(f"data set folder {root} does not exist; give the folder of DiffraNet")
    domains = []
    files: list[ImageFile] = []
    for domain in DOMAINS:
        if not (root / domain.name).is_dir():
            if domain == SYNTHETIC:
                raise DataError(
                    f"{root} has no folder 'synthetic'; is it the folder of DiffraNet? {_OTHERS}"
                )
            continue
        present = tuple(s for s in domain.splits if (root / domain.name / s).is_dir())
        if domain == SYNTHETIC and present != domain.splits:
            missing = next(s for s in domain.splits if s not in present)
            raise DataError(f"{root} has no folder 'synthetic/{missing}'; all splits are needed")
        if not present:
            raise DataError(f"{root / domain.name} has no split; name them validation and test")
        for split in present:
            files += _split_files(root, domain, split)
        domains.append(replace(domain, splits=present))
    return Layout(root, tuple(domains), tuple(files))


def _split_files(root: Path, domain: Domain, split: str) -> list[ImageFile]:
    place = f"{domain.name}/{split}"
    folders = sorted(
        entry.name
        for entry in os.scandir(root / place)
        if entry.is_dir() and not entry.name.startswith(".")
    )
    files: list[ImageFile] = []
    for label, folder in enumerate(_in_class_order(domain, place, folders)):
        names = sorted(
            entry.name
            for entry in os.scandir(root / place / folder)
            if not entry.name.startswith(".")
        )
        if not names:
            raise DataError(
                f"class folder {place}/{folder} ({domain.classes[label]}) of {root} is empty"
            )
        for name in names:
            if Path(name).suffix.lower() not in SUFFIXES:
                raise DataError(f"{root / place / folder / name} is no {_kinds()} image; remove it")
        files += (ImageFile(f"{place}/{folder}/{n}", domain.name, split, label) for n in names)
    return files


def _kinds() -> str:
    return "PNG, PGM or TIFF"


def _in_class_order(domain: Domain, place: str, folders: list[str]) -> list[str]:
    """Folder names in the order of the domain's classes."""
    conventions = (
        [str(number) for number in range(1, len(domain.classes) + 1)],
        [str(number) for number in range(len(domain.classes))],
        list(domain.classes),
    )
    by_name: Mapping[str, str] = {_canonical(folder): folder for folder in folders}
    # The convention that most folders follow is the one that was meant.
    expected = max(conventions, key=lambda names: len(by_name.keys() & set(names)))
    for name, folder in by_name.items():
        if name not in expected:
            raise DataError(
                f"unknown class folder {place}/{folder}; known are {', '.join(expected)}"
            )
    for label, name in enumerate(expected):
        if name not in by_name:
            raise DataError(
                f"class folder {place}/{name} ({domain.classes[label]}) is missing; {_OTHERS}"
            )
    return [by_name[name] for name in expected]


def _canonical(folder: str) -> str:
    return folder.lower().replace("_", "-").replace(" ", "-")
