"""How the images of a packed data set were made, as its manifest says, for those who show them."""

from __future__ import annotations

from pathlib import Path

from diffranet.captions import caption
from diffranet.errors import DataError
from diffranet.manifest import Entry, manifest_digest, read_manifest
from diffranet.packed import Split


def captions_of(split: Split, root: Path, image_size: int | None) -> dict[str, list[str]]:
    """The state of each shot in short phrases, by the image's name.

    Args:
        split: Whose images.
        root: The folder that it was packed from.
        image_size: Edge to which the images were reduced, None for as they are.

    Returns:
        Nothing where the folder has no manifest, or its images are no longer the packed ones.
    """
    try:
        rows = {row["path"]: row for row in read_manifest(root)}
    except DataError:
        return {}
    names = [name for name in split.names if name in rows]
    entries = [Entry(name, rows[name]["sha256"], 0) for name in names]
    if manifest_digest(entries, image_size) != split.digest:
        return {}
    return {name: caption(rows[name]) for name in names}
