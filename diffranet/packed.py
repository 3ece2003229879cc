"""Pack a data set's images into a few arrays that processes share by mapping them.

A packed folder is named by the data set's digest and holds, for each domain and split, images
(n, h, w) uint8, labels (n,) int64 and names; it appears complete or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from diffranet.errors import DataError
from diffranet.files import TEMPORARY_SUFFIX, held_folder, sha256_json, write_atomic
from diffranet.layout import ImageFile, Layout
from diffranet.manifest import Entry, manifest_digest, read_description
from diffranet.reader import Grey, decode, reduce_to

Progress = Callable[[str, int, int], None]

PACKED_FILE = "packed.json"
PACKED_VERSION = 1
BATCH = 64


@dataclass(frozen=True)
class Split:
    """The images of one split of one domain.

    Attributes:
        images: (n, h, w) uint8, mapped read-only. Sources of 16 bits were compressed by the
            paper's square root.
        labels: (n,) int64, indices into the domain's classes.
        names: Paths relative to the data set's root.
        digest: Hex SHA-256 over names and contents.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    names: tuple[str, ...]
    digest: str


def pack(
    layout: Layout,
    cache: Path,
    *,
    image_size: int | None,
    workers: int,
    progress: Progress | None = None,
) -> Path:
    """Read and check every image once and pack them; a packed set is found again.

    Args:
        layout: The images.
        cache: Folder for derived data; the arrays go to ``cache/packed/<digest>``.
        image_size: Edge to reduce the images to, None to take them as they are.
        workers: Threads that decode.
        progress: Called with (what, done, total).

    Returns:
        The packed folder.

    Raises:
        DataError: An image is damaged, differs in size, or lies in two splits of a domain; or
            the cache cannot be written.
    """
    if (there := find_packed(layout, cache, image_size=image_size)) is not None:
        return there
    home = cache / "packed"
    fingerprint = _fingerprint(layout, image_size)
    known = home / "sources" / fingerprint
    partial = home / f".{fingerprint[:32]}{TEMPORARY_SUFFIX}"
    try:
        with held_folder(partial):
            if known.is_file() and (found := home / known.read_text().strip()).is_dir():
                shutil.rmtree(partial)  # another process packed them meanwhile
                return found
            digest = _fill(partial, layout, image_size, workers, progress or _silent)
            # Before the rename, which lets a waiting process in.
            known.parent.mkdir(exist_ok=True)
            write_atomic(known, digest.encode())
            _publish(partial, home / digest)
            return home / digest
    except OSError as error:
        reason = error.strerror or error
        raise DataError(
            f"{home}: cannot pack the data set: {reason}; mend it, or choose another cache"
        ) from None


def find_packed(layout: Layout, cache: Path, *, image_size: int | None) -> Path | None:
    """Where ``pack`` has packed these images before, or None; makes nothing.

    Raises:
        DataError: An image cannot be looked at.
    """
    home = cache / "packed"
    try:
        known = home / "sources" / _fingerprint(layout, image_size)
    except OSError as error:
        raise _unreadable(error.filename or layout.root, error) from None
    if known.is_file() and (found := home / known.read_text().strip()).is_dir():
        return found
    return None


def packed_folder(cache: Path, digest: str) -> Path:
    """Where images of a digest are packed under a cache, or would be."""
    return cache / "packed" / digest


def _publish(partial: Path, final: Path) -> None:
    """Give a complete folder its name, unless equal images from elsewhere already have it."""
    try:
        partial.rename(final)
    except OSError:
        if not (final / PACKED_FILE).is_file():
            raise
        shutil.rmtree(partial)


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total


def _fingerprint(layout: Layout, image_size: int | None) -> str:
    """Names the sources as they lie on disk, so that unchanged files need not be read again."""
    stats = []
    for file in layout.files:
        stat = (layout.root / file.name).stat()
        stats.append((file.name, stat.st_size, stat.st_mtime_ns))
    return sha256_json([PACKED_VERSION, str(layout.root.resolve()), image_size, stats])


def _fill(
    folder: Path, layout: Layout, image_size: int | None, workers: int, progress: Progress
) -> str:
    first = _read(layout.root / layout.files[0].name, image_size)
    shape = first.image.shape
    # Where each content was met first, per domain: a raw and a preprocessed image may be equal.
    met: dict[tuple[str, str], ImageFile] = {}
    entries: list[Entry] = []
    splits: dict[str, dict[str, object]] = {}
    done, total = 0, len(layout.files)
    progress("read", done, total)
    for domain in layout.domains:
        splits[domain.name] = {}
        for split in domain.splits:
            files = [f for f in layout.files if (f.domain, f.split) == (domain.name, split)]
            images = np.lib.format.open_memmap(
                _array(folder, domain.name, split, "images"),
                mode="w+",
                dtype=np.uint8,
                shape=(len(files), *shape),
            )
            found: list[Entry] = []
            for file, read in _read_all(layout.root, files, image_size, workers):
                _refuse_other_shape(layout.root / file.name, read.image, shape, first.path)
                _refuse_leak(met.setdefault((domain.name, read.pixels), file), file)
                images[len(found)] = read.image
                found.append(Entry(file.name, read.sha256, file.label))
                done += 1
                if done % BATCH == 0 or done == total:
                    progress("read", done, total)
            images.flush()
            labels = np.array([entry.label for entry in found], dtype=np.int64)
            np.save(_array(folder, domain.name, split, "labels"), labels)
            tally = Counter(entry.label for entry in found)
            splits[domain.name][split] = {
                "digest": manifest_digest(found, image_size),
                "names": [entry.name for entry in found],
                "counts": {name: tally[label] for label, name in enumerate(domain.classes)},
            }
            entries += found
    digest = manifest_digest(entries, image_size)
    record = {
        "version": PACKED_VERSION,
        "digest": digest,
        "image_shape": list(shape),
        "domains": splits,
        "source": read_description(layout.root),
    }
    write_atomic(folder / PACKED_FILE, json.dumps(record).encode())
    return digest


@dataclass(frozen=True)
class _Read:
    path: Path
    image: Grey
    sha256: str
    pixels: str


def _read(path: Path, image_size: int | None) -> _Read:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    image = decode(content, path)
    if image_size is not None:
        image = reduce_to(image, image_size, path)
    # The same picture in another file format is still the same picture.
    pixels = hashlib.sha256(repr(image.shape).encode() + image.tobytes()).hexdigest()
    return _Read(path, image, hashlib.sha256(content).hexdigest(), pixels)


def _unreadable(path: object, error: OSError) -> DataError:
    return DataError(f"{path} cannot be read ({error.strerror}); replace or remove it")


def _read_all(
    root: Path, files: Sequence[ImageFile], image_size: int | None, workers: int
) -> Iterator[tuple[ImageFile, _Read]]:
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for start in range(0, len(files), BATCH):
            batch = files[start : start + BATCH]
            reads = pool.map(lambda f: _read(root / f.name, image_size), batch)
            yield from zip(batch, reads, strict=True)


def _refuse_other_shape(path: Path, image: Grey, shape: tuple[int, ...], first: Path) -> None:
    if image.shape != shape:
        raise DataError(
            f"{path} is {image.shape[1]} x {image.shape[0]} pixels, but {first} is "
            f"{shape[1]} x {shape[0]}; all images must have one size"
        )


def _refuse_leak(earlier: ImageFile, file: ImageFile) -> None:
    if earlier.split != file.split:
        raise DataError(
            f"{file.name} and {earlier.name} are the same image in two splits; remove one"
        )


def _array(folder: Path, domain: str, split: str, what: str) -> Path:
    return folder / f"{domain}-{split}-{what}.npy"


def load_record(folder: Path) -> dict:
    """What a packed folder says of itself.

    Raises:
        DataError: It is no packed folder.
    """
    try:
        record = json.loads((folder / PACKED_FILE).read_text())
    except (OSError, ValueError):
        raise DataError(f"{folder} is no packed data set; prepare the data set again") from None
    if record.get("version") != PACKED_VERSION:
        raise DataError(f"{folder} was packed by another version; delete it and prepare again")
    return dict(record)


def load_split(folder: Path, record: dict, domain: str, split: str) -> Split:
    """Map one split of a packed folder, whose record is at hand."""
    kept = record["domains"][domain][split]
    return Split(
        images=np.load(_array(folder, domain, split, "images"), mmap_mode="r"),
        labels=np.load(_array(folder, domain, split, "labels")),
        names=tuple(kept["names"]),
        digest=kept["digest"],
    )
