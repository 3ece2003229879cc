"""A data set: any folder of ``{train,validation,test}/<class>/<image>``."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mine.reader import Reader, grey

SPLITS = ("train", "validation", "test")
DOMAIN = "images"


@dataclass(frozen=True)
class Domain:
    """All images are of one origin here, so that there is one domain."""

    name: str
    classes: tuple[str, ...]
    projection: tuple[int, ...]
    splits: tuple[str, ...] = SPLITS


@dataclass(frozen=True)
class Split:
    """Images (n, h, w) uint8, mapped read-only, and their classes (n,)."""

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    digest: str


class ClassFolders:
    """Grey images in class folders; the option ``root`` names the folder with the splits."""

    views: Mapping[str, Any] = {}

    def __init__(self, packed: Path, *, sealed: bool = True) -> None:
        self._record = json.loads((packed / "record.json").read_text())
        self._sealed = sealed
        self.packed = packed
        self.digest: str = self._record["digest"]
        self.classes: tuple[str, ...] = tuple(self._record["classes"])
        self.image_shape: tuple[int, int] = tuple(self._record["image_shape"])
        self.domains = {DOMAIN: Domain(DOMAIN, self.classes, tuple(range(len(self.classes))))}

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Refuse, before anything is created, what cannot be prepared.

        Raises:
            ValueError: An unknown option, a folder that is missing, or classes that differ.
        """
        _class_names(_root(options))

    @classmethod
    def selectable(cls, options: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what ``select=`` may be: the domains with a validation split."""
        del options  # whatever they are, there is one domain
        return (DOMAIN,)

    @classmethod
    def prepare(
        cls,
        options: Mapping[str, Any],
        *,
        cache: Path,
        workers: int,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> ClassFolders:
        """Read every image once and pack them under ``cache/class_folders/<digest>``.

        Raises:
            ValueError: See :meth:`check`; or an image of another size, or none at all.
        """
        del workers
        root = _root(options)
        classes = _class_names(root)
        home = cache / "class_folders"
        home.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=home))
        try:
            splits, shape = {}, None
            for number, split in enumerate(SPLITS):
                images, labels, names = _read(root, split, classes, shape)
                shape = images.shape[1:]
                np.save(partial / f"{split}-images.npy", images)
                np.save(partial / f"{split}-labels.npy", labels)
                splits[split] = {"names": names, "digest": _digest(images, names, classes)}
                if progress is not None:
                    progress("read", number + 1, len(SPLITS))
            digest = _sha256("".join(splits[split]["digest"] for split in SPLITS).encode())
            record = {
                "digest": digest, "classes": classes, "image_shape": shape, "splits": splits,
            }  # fmt: skip
            (partial / "record.json").write_text(json.dumps(record))
            if not (home / digest).is_dir():
                partial.rename(home / digest)  # complete or not at all
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return cls.open(home / digest)

    @classmethod
    def open(cls, packed: Path, *, sealed: bool = True) -> ClassFolders:
        """Map what :meth:`prepare` packed; sealed, its test split is refused."""
        return cls(Path(packed), sealed=sealed)

    def unsealed(self) -> ClassFolders:
        """Return the same data with its test split open."""
        return self.open(self.packed, sealed=False)

    def split(self, domain: str, split: str) -> Split:
        """Return one split.

        Raises:
            PermissionError: It is the test split, and sealed.
            ValueError: There is no such domain or split.
        """
        if domain != DOMAIN or split not in SPLITS:
            raise ValueError(f"no split {domain}/{split}; there are {DOMAIN}/{', '.join(SPLITS)}")
        if split == "test" and self._sealed:
            raise PermissionError(f"{domain}/test is sealed until the final evaluation")
        return Split(
            images=np.load(self.packed / f"{split}-images.npy", mmap_mode="r"),
            labels=np.load(self.packed / f"{split}-labels.npy"),
            names=tuple(self._record["splits"][split]["names"]),
            digest=self._record["splits"][split]["digest"],
        )

    def describe(self) -> dict[str, Any]:
        """Return what the report says of the data."""
        counts = {
            split: {
                name: sum(path.split("/")[1] == name for path in kept["names"])
                for name in self.classes
            }
            for split, kept in self._record["splits"].items()
        }
        return {
            "name": "class_folders",
            "digest": self.digest,
            "surrogate": False,
            "note": "",
            "image_shape": list(self.image_shape),
            "counts": {DOMAIN: counts},
        }

    @classmethod
    def find(cls, cache: Path, digest: str) -> ClassFolders | None:
        """Map what was packed under ``cache``, if it is there: for the report's images."""
        packed = cache / "class_folders" / digest
        return cls.open(packed) if packed.is_dir() else None

    @classmethod
    def reader(cls, image_shape: tuple[int, int], options: Mapping[str, Any]) -> Reader:
        """Return what reads images that a model is given later.

        Raises:
            ValueError: There are options.
        """
        return Reader(image_shape, options)


def _root(options: Mapping[str, Any]) -> Path:
    for name in options:
        if name != "root":
            raise ValueError(f"data.options.{name}: unknown; the only option is root")
    root = Path(str(options.get("root"))).expanduser()
    for split in SPLITS:
        if not (root / split).is_dir():
            raise ValueError(f"data.root: there is no folder {root / split}")
    return root


def _class_names(root: Path) -> list[str]:
    """Return the names of the class folders, which all splits must have."""
    found = {s: sorted(f.name for f in (root / s).iterdir() if f.is_dir()) for s in SPLITS}
    for split, names in found.items():
        for name in sorted(set(names) ^ set(found["train"])):
            raise ValueError(f"data.root: class '{name}' is in one of train and {split} alone")
    if len(found["train"]) < 2:
        raise ValueError(f"data.root: {root / 'train'} has fewer than two class folders")
    return found["train"]


def _read(
    root: Path, split: str, classes: list[str], shape: tuple[int, ...] | None
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    files = [
        (path, label)
        for label, name in enumerate(classes)
        for path in sorted((root / split / name).iterdir())
    ]
    if not files:
        raise ValueError(f"data.root: {root / split} has no images")
    images = []
    for path, _ in files:
        pixels = grey(path)
        shape = shape or pixels.shape
        if pixels.shape != shape:
            raise ValueError(f"{path}: {pixels.shape} pixels, the first image has {shape}")
        images.append(pixels)
    names = [path.relative_to(root).as_posix() for path, _ in files]
    return np.stack(images), np.array([label for _, label in files], dtype=np.int64), names


def _digest(images: np.ndarray, names: list[str], classes: list[str]) -> str:
    about = json.dumps([images.shape, names, classes]).encode()
    return _sha256(about + images.tobytes())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
