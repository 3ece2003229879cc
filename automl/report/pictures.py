"""The misclassified test images themselves, from where the search packed its data set.

The one part of the page that is not computed from the ledger: where the images are not at hand,
or are others than those evaluated, it says so.
"""

from __future__ import annotations

import base64
import io
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from automl import registry
from automl.errors import one_line
from automl.plugins import Images
from automl.report.access import mapping, text
from automl.report.misclassified import Choice, Wrong, choose

_LARGEST = 192
"""Pixels along an edge: as wide as a picture is on the page, and some 20 kB of noise."""
_WHITE = 99.0
"""Percentage of a domain's pixels, among the images shown, that are darker than white."""


@dataclass(frozen=True)
class Picture:
    """One image on the page.

    Attributes:
        source: the image as a ``data:`` address.
        true: name of its class.
        predicted: name of the class that the model gave it.
        name: file name in the data set.
        phrases: what the data set knows of how it was made.
    """

    source: str
    true: str
    predicted: str
    name: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """Misclassified images by domain.

    Attributes:
        sentence: what is shown, or why nothing is; empty where no test image was evaluated.
        missing: why the images cannot be shown; empty where they are.
        domains: (name, the grey that is drawn white, pictures).
    """

    sentence: str = ""
    missing: str = ""
    domains: tuple[tuple[str, int, tuple[Picture, ...]], ...] = ()


def sheet(results: Mapping[str, Any], cache: Path | None = None) -> Sheet:
    """The misclassified images of a search.

    Only splits that the ledger says are evaluated are opened.

    Args:
        results: as ``automl.report.details.detailed`` returns them.
        cache: folder of derived data; ``None`` for the one that the search was configured with.
    """
    choice = choose(results)
    if not choice.images:
        return Sheet(choice.sentence)
    try:
        return _sheet(choice, results, cache)
    except Exception as error:
        # Whatever a user's data set raises: the rest of the page does not depend on it.
        return Sheet(choice.sentence, f"The images cannot be shown: {one_line(error)}.")


def _sheet(choice: Choice, results: Mapping[str, Any], cache: Path | None) -> Sheet:
    config = mapping(results, "config")
    name = text(mapping(config, "data"), "name")
    options = mapping(mapping(config, "data"), "options")
    cache = cache or Path(text(mapping(config, "paths"), "cache"))
    digest = text(mapping(results, "data"), "digest")
    dataset: Any = registry.find("datasets", name)
    if not hasattr(dataset, "find"):
        return Sheet(choice.sentence, f"The data set {name} has no “find”, which opens its images.")
    opened = dataset.find(cache, digest)
    if opened is None:
        where = f"no packed images of digest {digest[:12]} under {cache}"
        return Sheet(choice.sentence, f"The images are not at hand: {where}.")
    data = opened.unsealed()
    by_split: defaultdict[tuple[str, str], list[Wrong]] = defaultdict(list)
    for one in choice.images:
        by_split[one.domain, one.split].append(one)
    domains = []
    for (domain, split_name), wrong in by_split.items():
        split = data.split(domain, split_name)
        if split.digest != wrong[0].digest:
            why = f"The images of {domain}/{split_name} under {cache} are not those evaluated."
            return Sheet(choice.sentence, why)
        known = getattr(dataset, "captions", None)
        phrases = {} if known is None else known(options, split, cache=cache)
        tiles = [reduced(split.images[one.index], _LARGEST) for one in wrong]
        white = _common_white(tiles)
        pictures = tuple(
            _picture(one, tile, white, split.names[one.index], phrases)
            for one, tile in zip(wrong, tiles, strict=True)
        )
        domains.append((domain, white, pictures))
    return Sheet(choice.sentence, domains=tuple(domains))


def reduced(image: Images, largest: int) -> Images:
    """Bring an image (h, w) to at most ``largest`` pixels along an edge, by a whole factor.

    A block becomes its root mean square, which keeps a bright pixel among dark ones visible;
    rows and columns that fill no block are cut off.
    """
    factor = math.ceil(max(image.shape) / largest)
    rows, columns = (max(edge // factor, 1) for edge in image.shape)
    block = (min(factor, image.shape[0]), min(factor, image.shape[1]))
    whole = image[: rows * block[0], : columns * block[1]].astype(np.float64)
    blocks = whole.reshape(rows, block[0], columns, block[1])
    squares = np.square(blocks).mean(axis=(1, 3))
    found: Images = np.rint(np.sqrt(squares)).astype(np.uint8)
    return found


def _common_white(tiles: Sequence[Images]) -> int:
    # The brightest image's: one scale lets a weak image be told from a strong one.
    return max(1, *(math.ceil(float(np.percentile(tile, _WHITE))) for tile in tiles))


def _picture(
    one: Wrong, tile: Images, white: int, name: str, phrases: Mapping[str, Sequence[str]]
) -> Picture:
    scaled = np.minimum(np.rint(tile * (255.0 / white)), 255.0).astype(np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(scaled).save(encoded, format="PNG")
    return Picture(
        source="data:image/png;base64," + base64.b64encode(encoded.getvalue()).decode("ascii"),
        true=one.true,
        predicted=one.predicted,
        name=str(name),
        phrases=tuple(str(phrase) for phrase in phrases.get(name, ())),
    )
