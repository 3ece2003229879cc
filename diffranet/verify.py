"""Check a simulated data set: ``python -m diffranet.verify FOLDER [images=20] [seed=0]``.

Every listed file's SHA-256 is compared, then a sample of the images, spread over domains and
classes, is rendered again and compared bit for bit. Prints one line.

    images=20   how many to render again; 0 for none, all for every one
    seed=0      which ones
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

import numpy as np
import numpy.typing as npt

from diffranet.domains import DOMAINS, REAL_PREPROCESSED
from diffranet.errors import DataError
from diffranet.files import sha256_file
from diffranet.manifest import read_description, read_manifest
from diffranet.options import command_words, mapping, whole_number
from diffranet.reader import decode

DIFFERENT, BAD_INPUT, INTERRUPTED = 1, 2, 130
DEFAULT_IMAGES = 20
SHOWN = 5
THREADS = 4


def damaged_files(folder: Path, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Images whose content is not what the manifest says, or that it does not list.

    Args:
        folder: The data set.
        rows: Its manifest.

    Returns:
        One entry per image: its path and what is wrong.
    """

    def wrong(row: Mapping[str, str]) -> str:
        try:
            same = sha256_file(folder / row["path"]) == row["sha256"]
        except OSError as error:
            return f"{row['path']} ({error.strerror})"
        return "" if same else f"{row['path']} (other content)"

    with ThreadPoolExecutor(THREADS) as pool:
        damaged = [found for found in pool.map(wrong, rows) if found]
    listed = {row["path"] for row in rows}
    for domain in DOMAINS:
        for path in sorted((folder / domain.name).rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name not in listed:
                damaged.append(f"{name} (not in the manifest)")
    return damaged


def rerender(folder: Path, path: str) -> npt.NDArray[np.uint8]:
    """Make one image of a data set again, from the parameters that the set records.

    Args:
        folder: The data set.
        path: The image, as the manifest has it.

    Returns:
        The image (h, w); equal to the stored one wherever the versions of simulator and
        packages that ``dataset.json`` records are installed.

    Raises:
        DataError: The folder is no simulated data set of this version, or lists no such image.
    """
    for row in read_manifest(folder):
        if row["path"] == path:
            return _rerender(folder, row, _description(folder))
    raise DataError(f"{folder} lists no image {path!r}; give a path of its manifest.csv")


def _description(folder: Path) -> dict[str, object]:
    from diffranet.simulator.parameters import SIMULATOR_VERSION

    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; give the folder of a simulated data set")
    description = read_description(folder)
    if "parameters" not in description:
        raise DataError(f"{folder} is no simulated data set; it has no readable dataset.json")
    version = description.get("simulator_version")
    if version != SIMULATOR_VERSION:
        raise DataError(
            f"{folder} was made by version {version} of the simulator, and this is version "
            f"{SIMULATOR_VERSION}; its images cannot be rendered again here"
        )
    return description


def _rerender(
    folder: Path, row: Mapping[str, str], description: Mapping[str, object]
) -> npt.NDArray[np.uint8]:
    from diffranet.simulator.parameters import from_dict
    from diffranet.simulator.reallike import preprocess
    from diffranet.simulator.render import Job, render

    parameters = from_dict(mapping(description["parameters"], "parameters"))
    job = Job(row["domain"], row["split"], int(row["index"]), int(row["class"]) - 1)
    image = render(parameters, job, folder.resolve())
    factor = description["preprocess_factor"]
    if job.domain == REAL_PREPROCESSED.name and isinstance(factor, float):
        return preprocess(image, factor)
    return image


def sample(rows: Sequence[Mapping[str, str]], n: int, seed: int) -> list[Mapping[str, str]]:
    """Some images at random, as evenly spread over domains and classes as they can be."""
    rng = np.random.default_rng(seed)
    places: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for index in rng.permutation(len(rows)):
        row = rows[index]
        places.setdefault((row["domain"], row["class"]), []).append(row)
    ordered = [places[place] for place in sorted(places)]
    turns: Iterator[tuple[Mapping[str, str] | None, ...]] = zip_longest(*ordered)
    return [row for turn in turns for row in turn if row is not None][:n]


def verify(
    folder: Path, images: int | None = DEFAULT_IMAGES, seed: int = 0
) -> tuple[str, list[str]]:
    """Check a data set.

    Args:
        folder: The data set.
        images: How many images to render again, None for all.
        seed: Which ones.

    Returns:
        What was checked, in words, and one entry for each image that is not as it should be.

    Raises:
        DataError: The folder is no simulated data set of this version.
    """
    description = _description(folder)
    rows = read_manifest(folder)
    wrong = damaged_files(folder, rows)
    chosen = sample(rows, len(rows) if images is None else images, seed)
    again = 0
    for row in chosen:
        path = folder / row["path"]
        try:
            stored = decode(path.read_bytes(), path)
        except (OSError, DataError):
            continue  # its hash differs, too: it is among the damaged
        again += 1
        if not np.array_equal(_rerender(folder, row, description), stored):
            wrong.append(f"{row['path']} (renders differently{_other_versions(description)})")
    return f"{len(rows)} files checked, {again} images rendered again", wrong


def _other_versions(description: Mapping[str, object]) -> str:
    from diffranet.simulator.description import versions

    recorded = description.get("versions")
    made = recorded if isinstance(recorded, dict) else {}
    here = versions(structure_file="gemmi" in made)
    other = [f"{name} {made[name]}" for name in here if made.get(name) not in (None, here[name])]
    return f"; it was made with {', '.join(other)}" if other else ""


def parse(arguments: Sequence[str]) -> tuple[Path, int | None, int]:
    """Read the command line: folder, number of images (None for all), seed.

    Raises:
        DataError: Something is unknown, missing or out of bounds.
    """
    folders, given = command_words(arguments, ("images", "seed"))
    if len(folders) != 1:
        raise DataError("give one folder: python -m diffranet.verify FOLDER [images=20] [seed=0]")
    images = given.get("images", str(DEFAULT_IMAGES))
    number = None if images == "all" else whole_number(images, "images", 0)
    return folders[0].expanduser(), number, whole_number(given.get("seed", "0"), "seed", 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1 where an image is not as listed, 2 for bad input."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if {"-h", "--help"} & set(words):
        print((__doc__ or "").strip())
        return 0
    try:
        folder, images, seed = parse(words)
        done, wrong = verify(folder, images, seed)
    except DataError as error:
        print(f"diffranet.verify: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("diffranet.verify: stopped", file=sys.stderr)
        return INTERRUPTED
    if not wrong:
        print(f"{folder}: {done}, all as listed")
        return 0
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    print(f"{folder}: {done}, {len(wrong)} wrong: {', '.join(wrong[:SHOWN])}{more}")
    return DIFFERENT


if __name__ == "__main__":
    sys.exit(main())
