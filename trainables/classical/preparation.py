"""What trials share, extracted before the first of them: the features that the space reaches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Protocol

from trainables.features import extraction
from trainables.features.extraction import Split, Wanted
from trainables.features.glcm import Offset, fits, offsets_of
from trainables.features.grey_levels import normalised_split
from trainables.features.lbp import Neighbourhood, neighbourhood_of
from trainables.features.store import FeatureStore

Item = Mapping[str, Any]

WORTHWHILE_PIXELS = 2**26
"""Of fewer pixels the first trials extract what they need themselves, in seconds."""

_SPLITS = ("train", "validation")


class Data(Protocol):
    """What a trial is given."""

    @property
    def train(self) -> Split:
        """Images to learn from."""

    @property
    def validation(self) -> Split:
        """Images to judge by."""


def wanted_of(reach: Mapping[str, Sequence[Any]], height: int, width: int) -> Wanted:
    """Return all that a space can ask of images of a size.

    Offsets at which such images have no pixel pair are left out: trials that ask for them are
    infeasible.

    Args:
        reach: Every value that a configuration may have, by parameter.
        height: In pixels.
        width: In pixels.
    """
    extractors = reach.get("extractor", ())
    offsets: tuple[Offset, ...] = ()
    neighbourhoods: tuple[Neighbourhood, ...] = ()
    if "glcm" in extractors:
        distances = [value for subset in reach["glcm_distances"] for value in subset]
        angles = [value for subset in reach["glcm_angles"] for value in subset]
        offsets = tuple(o for o in offsets_of(distances, angles) if fits(o, height, width))
    if "lbp" in extractors:
        neighbourhoods = tuple(
            neighbourhood_of(points, radius)
            for points in reach["lbp_points"]
            for radius in reach["lbp_radius"]
        )
    return Wanted(offsets, neighbourhoods, "sift" in extractors)


def preparations(
    store: FeatureStore, reach: Mapping[str, Sequence[Any]], data: Data
) -> list[list[Item]]:
    """Return the chunks to extract and then the splits to assemble; empty for what is there."""
    chunks: list[Item] = []
    splits: list[Item] = []
    for name, grey_levels in product(_SPLITS, reach.get("grey_levels", ("none",))):
        split = normalised_split(getattr(data, name), grey_levels)
        wanted = wanted_of(reach, *split.images.shape[1:])
        absent = wanted.absent(store, split.digest)
        if not absent or math.prod(split.images.shape) < WORTHWHILE_PIXELS:
            continue
        item = {"split": name, "grey_levels": grey_levels, **_plain(absent)}
        chunks += [{**item, "start": start} for start in extraction.starts(split.images)]
        splits.append(item)
    return [chunks, splits]


def prepare(store: FeatureStore, data: Data, item: Item) -> None:
    """Extract a chunk, or assemble a split where the item has no ``start``.

    Raises:
        StoreError: The store cannot be written.
    """
    split = normalised_split(getattr(data, item["split"]), item["grey_levels"])
    wanted = Wanted(
        tuple(Offset(*offset) for offset in item["offsets"]),
        tuple(Neighbourhood(*each) for each in item["neighbourhoods"]),
        item["descriptors"],
    )
    if "start" in item:
        extraction.extract(store, split, wanted, item["start"])
    else:
        extraction.assemble(store, split, wanted)


def _plain(wanted: Wanted) -> dict[str, Any]:
    return {
        "offsets": [list(offset) for offset in wanted.offsets],
        "neighbourhoods": [list(each) for each in wanted.neighbourhoods],
        "descriptors": wanted.descriptors,
    }
