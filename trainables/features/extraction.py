"""Everything that a search can ask of a split's images, extracted in one pass over them.

The images are shared out in chunks. Whoever extracts a chunk writes it as one file; when all
chunks of a split are there, they become the blocks of the feature store. A kill costs the chunks
in work.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trainables.features import blocks, glcm, lbp, sift
from trainables.features.glcm import Offset
from trainables.features.images import Images
from trainables.features.lbp import Neighbourhood
from trainables.features.store import FeatureStore

CHUNK_PIXELS = 2**26
"""Pixels of a chunk: 256 images of 512 x 512, some tens of seconds of one core."""


class Split(Protocol):
    """Images and the digest of their content."""

    @property
    def images(self) -> Images:
        """(n, h, w) uint8 or uint16."""

    @property
    def digest(self) -> str:
        """Equal for equal images only."""


@dataclass(frozen=True)
class Wanted:
    """What is to be extracted of every image."""

    offsets: tuple[Offset, ...] = ()
    neighbourhoods: tuple[Neighbourhood, ...] = ()
    descriptors: bool = False

    def __bool__(self) -> bool:
        return bool(self.offsets or self.neighbourhoods or self.descriptors)

    @property
    def key(self) -> str:
        """Equal for what is equally computed: a name for the chunks."""
        text = repr((self, glcm.VERSION, lbp.VERSION, sift.VERSION))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def absent(self, store: FeatureStore, digest: str) -> "Wanted":
        """Return what of it the store does not hold of a split."""
        return Wanted(
            tuple(o for o in self.offsets if not store.holds(digest, *blocks.of_offset(o))),
            tuple(
                n
                for n in self.neighbourhoods
                if not store.holds(digest, *blocks.of_neighbourhood(n))
            ),
            self.descriptors and not store.holds(digest, *blocks.DESCRIPTORS),
        )


def starts(images: Images) -> range:
    """Return the index of each chunk's first image."""
    return range(0, len(images), _images_a_chunk(images))


def extract(
    store: FeatureStore, split: Split, wanted: Wanted, start: int
) -> Mapping[str, NDArray[Any]]:
    """Extract a chunk and keep it, unless it is there; return its arrays.

    Raises:
        StoreError: The store cannot be written.
        ValueError: The images cannot be described with these parameters.
    """
    return store.chunk(
        split.digest, wanted.key, f"images={start}", lambda: _extracted(split, wanted, start)
    )


def assemble(store: FeatureStore, split: Split, wanted: Wanted) -> None:
    """Make the store's blocks of all chunks of a split and drop the chunks.

    A chunk that is missing, since another search has assembled and dropped it, is made again
    only if a block is missing too.

    Raises:
        StoreError: The store cannot be written.
    """
    absent = wanted.absent(store, split.digest)
    if absent:
        parts = [extract(store, split, wanted, start) for start in starts(split.images)]
        for index, offset in enumerate(wanted.offsets):
            table = np.concatenate([part["glcm"][:, index] for part in parts])
            store.keep(split.digest, *blocks.of_offset(offset), table)
        for index, neighbourhood in enumerate(wanted.neighbourhoods):
            table = np.concatenate([part[f"lbp{index}"] for part in parts])
            store.keep(split.digest, *blocks.of_neighbourhood(neighbourhood), table)
        if wanted.descriptors:
            store.keep(split.digest, *blocks.DESCRIPTORS, _joined(parts, starts(split.images)))
    store.drop_chunks(split.digest, wanted.key)


def _extracted(split: Split, wanted: Wanted, start: int) -> dict[str, NDArray[Any]]:
    images = split.images[start : start + _images_a_chunk(split.images)]
    found: dict[str, NDArray[Any]] = {}
    if wanted.offsets:
        found["glcm"] = glcm.glcm_properties(images, wanted.offsets)
    for index, table in enumerate(lbp.lbp_histograms(images, wanted.neighbourhoods)):
        found[f"lbp{index}"] = table
    if wanted.descriptors:
        found["sift"] = sift.sift_descriptors(images)
    return found


def _joined(parts: Sequence[Mapping[str, NDArray[Any]]], first: Sequence[int]) -> NDArray[np.void]:
    tables = [part["sift"].copy() for part in parts]
    for table, start in zip(tables, first, strict=True):
        table["image"] += start
    return np.concatenate(tables) if tables else np.empty(0, sift.DESCRIPTOR)


def _images_a_chunk(images: Images) -> int:
    height, width = images.shape[1:]
    return max(1, CHUNK_PIXELS // int(height * width))
