"""Contact sheets of a data set: ``python -m diffranet.gallery FOLDER [option=value ...]``.

Writes one PNG per domain and class, with each picture's parameters under it, and an overview of
them all. Works on simulated data sets and on any folder in the published layout. Images of the
test splits are not shown: they stay unseen until the final evaluation.

Options and their defaults:
    out=        folder for the sheets; by default FOLDER-gallery beside FOLDER, never inside it
    images=12   pictures per sheet
    white=      the grey (1 to 255) that is drawn white in every sheet; by default the one that
                99 % of the pixels of the brightest class stay below
    seed=0      which pictures are drawn
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffranet.captions import Row, caption
from diffranet.contactsheet import Picture, Strip, contact_sheet, overview
from diffranet.domains import DOMAINS, SYNTHETIC, TEST
from diffranet.errors import DataError
from diffranet.files import write_atomic
from diffranet.layout import ImageFile, Layout, scan
from diffranet.manifest import MANIFEST_FILE, read_description, read_manifest
from diffranet.options import command_words, whole_number
from diffranet.reader import decode

OVERVIEW_IMAGES = 6
BELOW_WHITE = 99.0
"""Percentage of the brightest class's pixels that are drawn darker than white."""
NUMBERS = {"images": (1, 100), "white": (1, 255), "seed": (0, None)}
OPTIONS = ("out", *NUMBERS)
SURROGATE = "Simulated surrogate of experimental images, not the published real images."


@dataclass(frozen=True)
class Kind:
    """All images of one class of one domain that may be looked at."""

    domain: str
    class_name: str
    files: tuple[ImageFile, ...]

    @property
    def title(self) -> str:
        """As it stands over a sheet."""
        return f"{self.domain} · {self.class_name}"

    @property
    def count(self) -> str:
        """How many images there are, and in which splits."""
        splits = dict.fromkeys(file.split for file in self.files)
        return f"{len(self.files):,} images in {' and '.join(splits)}"


def make_gallery(
    root: Path, out: Path, *, images: int = 12, white: int | None = None, seed: int = 0
) -> list[Path]:
    """Write the contact sheets of a data set.

    Args:
        root: The data set's folder.
        out: Folder for the sheets, outside of it.
        images: Pictures per sheet.
        white: The grey that is drawn white; None for ``common_white``.
        seed: Of the choice of pictures.

    Returns:
        The files written, the overview first.

    Raises:
        DataError: The folder is no data set, an image is damaged, or ``out`` lies inside it.
        OSError: The sheets cannot be written.
    """
    _refuse_inside(root, out)
    layout = scan(root)
    simulated = (root / MANIFEST_FILE).exists()
    rows = {row["path"]: row for row in read_manifest(root)} if simulated else {}
    description = read_description(root)
    kinds = viewable(layout)
    if not kinds:
        raise DataError(f"{root} has no images but those of test splits, which are not shown")
    chosen = [
        [_picture(root, file, rows) for file in draw(kind, images, seed, n)]
        for n, kind in enumerate(kinds)
    ]
    white = white or common_white(chosen)
    scale = (
        f"Grey scale: 0 black to {white} white, the same in every sheet; "
        "a grey is the square root of a pixel's counts."
    )
    out.mkdir(parents=True, exist_ok=True)
    strips = []
    written = [out / "overview.png"]
    for kind, pictures in zip(kinds, chosen, strict=True):
        surrogate = [SURROGATE] if _is_surrogate(kind.domain, description) else []
        height, width = pictures[0].pixels.shape
        shown = f"{kind.count}, {len(pictures)} shown, {width} × {height} pixels. {scale}"
        path = out / f"{kind.domain}_{kind.class_name}.png"
        write_atomic(path, contact_sheet(kind.title, [*surrogate, shown], pictures, white))
        written.append(path)
        note = f"{kind.domain}{' (simulated surrogate)' * bool(surrogate)}, {kind.count}"
        few = [picture.pixels for picture in pictures[:OVERVIEW_IMAGES]]
        strips.append(Strip(kind.class_name, note, few))
    name = root.resolve().name
    notes = [_origin(description), scale]
    write_atomic(written[0], overview(f"{name}: overview", notes, strips, white))
    return written


def common_white(chosen: Sequence[Sequence[Picture]]) -> int:
    """A grey to be drawn white that suits all pictures, given those of each kind.

    One scale for all lets a blank and a strong image be compared; it is bright enough for the
    brightest kind, but for a hundredth of its pixels, which are its spots.
    """
    greys = (np.concatenate([p.pixels.reshape(-1) for p in pictures]) for pictures in chosen)
    return max(1, *(int(np.ceil(np.percentile(pixels, BELOW_WHITE))) for pixels in greys))


def viewable(layout: Layout) -> list[Kind]:
    """The data set's kinds of images, in order, without the test splits."""
    return [
        Kind(domain.name, class_name, files)
        for domain in DOMAINS
        for label, class_name in enumerate(domain.classes)
        if (
            files := tuple(
                file
                for file in layout.files
                if (file.domain, file.label) == (domain.name, label) and file.split != TEST
            )
        )
    ]


def draw(kind: Kind, images: int, seed: int, number: int) -> list[ImageFile]:
    """Draw some images of a kind without repeating any, in the kind's order.

    Args:
        kind: Which.
        images: How many at most.
        seed: The same seed draws the same images.
        number: The kind's number, so that kinds are drawn independently.
    """
    rng = np.random.default_rng((seed, number))
    chosen = rng.permutation(len(kind.files))[:images]
    return [kind.files[i] for i in sorted(chosen.tolist())]


def _picture(root: Path, file: ImageFile, rows: Mapping[str, Row]) -> Picture:
    path = root / file.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    phrases = caption(rows[file.name]) if file.name in rows else []
    return Picture(decode(content, path), file.name, phrases)


def _is_surrogate(domain: str, description: Mapping[str, object]) -> bool:
    return bool(description.get("surrogate")) and domain != SYNTHETIC.name


def _origin(description: Mapping[str, object]) -> str:
    if not description:
        return "Folder in the published layout."
    parameters = description.get("parameters")
    known = parameters if isinstance(parameters, Mapping) else {}
    words = ["Simulated data set"]
    if "mosaic_domains" in known:
        words.append(f"{known['mosaic_domains']} mosaic domains")
    words += [f"{key} {known[key]}" for key in ("engine", "seed") if key in known]
    return f"{', '.join(words)}. {description.get('note') or ''}".strip()


def _refuse_inside(root: Path, out: Path) -> None:
    if out.resolve().is_relative_to(root.resolve()):
        raise DataError(f"out={out} lies inside the data set {root}; name a folder outside of it")
    if out.exists() and not out.is_dir():
        raise DataError(f"out={out} is a file; name a folder")


def parse(arguments: Sequence[str]) -> tuple[Path, Path, dict[str, int]]:
    """Read the command line.

    Returns:
        The data set's folder, the folder for the sheets, and the ``NUMBERS`` that are given.

    Raises:
        DataError: Something is unknown, missing or out of bounds.
    """
    folders, given = command_words(arguments, OPTIONS)
    if len(folders) != 1:
        raise DataError(f"name the data set's folder, one and no more; got {len(folders)}")
    root = folders[0]
    resolved = root.resolve()
    out = Path(given.pop("out", resolved.parent / f"{resolved.name}-gallery"))
    numbers = {key: whole_number(text, key, *NUMBERS[key]) for key, text in given.items()}
    return root, out, numbers


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status, 2 for bad input, 1 for a failure to write."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if {"-h", "--help"} & set(words):
        print((__doc__ or "").strip())
        return 0
    try:
        root, out, numbers = parse(words)
        written = make_gallery(root, out, **numbers)
    except DataError as error:
        print(f"diffranet.gallery: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        reason = error.strerror or error
        print(f"diffranet.gallery: {out}: cannot write the sheets: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("diffranet.gallery: interrupted", file=sys.stderr)
        return 130
    print(f"{out}: {len(written)} sheets, {written[0].name} first")
    return 0


if __name__ == "__main__":
    sys.exit(main())
