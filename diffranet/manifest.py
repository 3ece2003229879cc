"""A data set's own account of itself: its images, their hashes, and how they were made."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from diffranet.errors import DataError
from diffranet.files import sha256_json

DATASET_FILE = "dataset.json"
MANIFEST_FILE = "manifest.csv"
FORMAT = "diffranet"
COLUMNS = (
    *("path", "sha256", "domain", "surrogate", "split", "class", "class_name"),
    *("seed", "index", "engine", "ice_rings"),
)
"""What the manifest says of every image; the state of its shot follows."""


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


def manifest_csv(rows: Iterable[Mapping[str, object]], state: Sequence[str]) -> str:
    """The manifest as CSV, flags as 0 and 1; what an image does not have is left empty.

    Args:
        rows: One per image, with ``COLUMNS`` and what it has of the state; more is left out.
        state: Names of the parameters of shots.
    """
    text = io.StringIO()
    columns = [*COLUMNS, *state]
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_manifest(root: Path) -> list[dict[str, str]]:
    """The manifest's rows.

    Raises:
        DataError: There is no manifest, or it is damaged.
    """
    path = root / MANIFEST_FILE
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise DataError(f"{path} cannot be read; is {root} a simulated data set?") from None
    if not rows or any(row.get(key) is None for row in rows for key in COLUMNS):
        raise DataError(f"{path} is damaged or of another version; make the set again")
    return rows


def read_description(root: Path) -> dict[str, object]:
    """What ``dataset.json`` says of a simulated data set; empty for any other folder."""
    try:
        description = json.loads((root / DATASET_FILE).read_text())
    except (OSError, ValueError):
        return {}
    known = isinstance(description, dict) and description.get("format") == FORMAT
    return description if known else {}
