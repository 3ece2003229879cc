"""The list of a data set's images and their hashes: what identifies the data set."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from diffranet.files import sha256_json

DATASET_FILE = "dataset.json"
MANIFEST_FILE = "manifest.csv"


@dataclass(frozen=True)
class Entry:
    """One image: its path relative to the root, and the SHA-256 of its file."""

    name: str
    sha256: str
    label: int


def manifest_digest(entries: Iterable[Entry], image_size: int | None = None) -> str:
    """Hex SHA-256 over relative paths and content hashes.

    Args:
        entries: The images, in any order.
        image_size: Edge to which the images were reduced, None for as they are: reduced
            images are other data.
    """
    listing = sorted((entry.name, entry.sha256) for entry in entries)
    return sha256_json({"images": listing, "image_size": image_size})


def read_description(root: Path) -> dict[str, object]:
    """What ``dataset.json`` says of a simulated data set; empty for any other folder."""
    try:
        description = json.loads((root / DATASET_FILE).read_text())
    except (OSError, ValueError):
        return {}
    known = isinstance(description, dict) and description.get("format") == "diffranet"
    return description if known else {}
