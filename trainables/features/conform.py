"""Compare the extractors with arrays that plain calls of scikit-image and OpenCV gave.

python -m trainables.features.conform FILE.npz ...

A file holds `images` (n, h, w) and any of these tables of them: `glcm` (n, properties, distances,
angles), `lbp_counts` (n, neighbourhoods, codes), `sift_desc` with `sift_offsets`, `bovw_counts`
with `bovw_centers`; and likewise single images of any size as `edge_NAME__image` with
`edge_NAME__glcm`, `edge_NAME__lbp_counts`, `edge_NAME__sift_n`. `meta`, a JSON text, may name the
orders `props`, `distances`, `angles_deg` and `PR`. Exit status 0: all tables agree; 1: one does
not; 2: a file is not of this format.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from trainables.features.bovw import word_frequencies
from trainables.features.glcm import PROPERTIES, Offset, fits, glcm_properties
from trainables.features.images import Images, as_images
from trainables.features.lbp import lbp_histograms, neighbourhood_of
from trainables.features.sift import sift_descriptors

Arrays = Mapping[str, NDArray[Any]]

GLCM_TOLERANCE = 1e-9
"""Largest relative difference of a GLCM property; every other table must be equal."""
SMALLEST = 1e-6
"""What differences of smaller numbers relate to: in a correlation near 0 both round anyway."""
ORDERS: Mapping[str, Sequence[Any]] = {
    "props": PROPERTIES,
    "distances": (1, 2, 4, 5, 8),
    "angles_deg": (0, 45, 90, 135),
    "PR": tuple(product((4, 8, 16, 24), (1, 2, 3))),
}


class FormatError(ValueError):
    """The file is not of the format; the message is one line."""


class Comparison(NamedTuple):
    """The largest differences of a table."""

    table: str
    absolute: float
    relative: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        """Whether the table is within its tolerance."""
        return self.relative <= self.tolerance

    def __str__(self) -> str:
        needed = f"below {self.tolerance:g}" if self.tolerance else "equal"
        return (
            f"{self.table:<28} absolute {self.absolute:<9.3g} relative {self.relative:<9.3g} "
            f"{'agrees' if self.agrees else 'DIFFERS'} (must be {needed})"
        )


def compare(path: Path) -> list[Comparison]:
    """Compare every table of a file.

    Raises:
        FormatError: The file cannot be read or is not of the format.
    """
    arrays = _read(path)
    try:
        orders = {**ORDERS, **json.loads(str(arrays["meta"]))} if "meta" in arrays else ORDERS
        found = list(_comparisons(arrays, orders))
    except KeyError as error:
        raise FormatError(f"array {error} is missing") from None
    except (ValueError, TypeError, IndexError) as error:
        raise FormatError(" ".join(str(error).split())) from error
    if not found:
        raise FormatError("none of its arrays is an expected table")
    return found


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except FileNotFoundError:
        raise FormatError("there is no such file") from None
    except (OSError, ValueError, TypeError, EOFError, BadZipFile) as error:
        raise FormatError("not an .npz file of plain arrays") from error
    if "images" not in arrays:
        raise FormatError("array 'images' is missing")
    return arrays


def _comparisons(arrays: Arrays, orders: Mapping[str, Sequence[Any]]) -> Iterator[Comparison]:
    images = as_images(arrays["images"])
    yield from _textures("", images, arrays, orders)
    if "sift_desc" in arrays:
        found = sift_descriptors(images)
        offsets = np.searchsorted(found["image"], np.arange(len(images) + 1))
        yield _differences("sift_desc", arrays["sift_desc"], found["values"])
        yield _differences("sift_offsets", arrays["sift_offsets"], offsets)
        if "bovw_counts" in arrays:
            centres = arrays["bovw_centers"].astype(np.float64)
            shares = word_frequencies(found, centres, len(images), len(centres))
            counts = np.rint(shares * np.diff(offsets)[:, np.newaxis])
            yield _differences("bovw_counts", arrays["bovw_counts"], counts)
    for name in arrays:
        if name.startswith("edge_") and name.endswith("__image"):
            prefix = name.removesuffix("image")
            image = as_images(arrays[name][np.newaxis])
            # As tables of one image.
            single = {key: arrays[key][np.newaxis] for key in arrays if key.startswith(prefix)}
            yield from _textures(prefix, image, single, orders)
            if f"{prefix}sift_n" in arrays:
                number = np.array([len(sift_descriptors(image))])
                yield _differences(f"{prefix}sift_n", single[f"{prefix}sift_n"], number)


def _textures(
    prefix: str, images: Images, arrays: Arrays, orders: Mapping[str, Sequence[Any]]
) -> Iterator[Comparison]:
    if f"{prefix}glcm" in arrays:
        table = _properties(images, [Offset(d, a) for d, a in product(*_steps(orders))])
        table = table[:, :, [PROPERTIES.index(name) for name in orders["props"]]]
        ours = np.swapaxes(table, 1, 2).reshape(len(images), -1, *map(len, _steps(orders)))
        yield _differences(f"{prefix}glcm", arrays[f"{prefix}glcm"], ours, GLCM_TOLERANCE)
    if f"{prefix}lbp_counts" in arrays:
        neighbourhoods = [neighbourhood_of(int(p), int(r)) for p, r in orders["PR"]]
        pixels = images.shape[1] * images.shape[2]
        counts = np.zeros((len(images), len(neighbourhoods), max(n.bins for n in neighbourhoods)))
        for index, table in enumerate(lbp_histograms(images, neighbourhoods)):
            counts[:, index, : table.shape[1]] = np.rint(table * pixels)
        yield _differences(f"{prefix}lbp_counts", arrays[f"{prefix}lbp_counts"], counts)


def _steps(orders: Mapping[str, Sequence[Any]]) -> tuple[list[int], list[int]]:
    return [int(d) for d in orders["distances"]], [int(a) for a in orders["angles_deg"]]


def _properties(images: Images, offsets: Sequence[Offset]) -> NDArray[np.float64]:
    # Without a pair of pixels the library's matrix is empty and its correlation 1; we refuse.
    table = np.zeros((len(images), len(offsets), len(PROPERTIES)))
    table[:, :, PROPERTIES.index("correlation")] = 1
    fitting = [n for n, offset in enumerate(offsets) if fits(offset, *images.shape[1:])]
    table[:, fitting] = glcm_properties(images, [offsets[n] for n in fitting])
    return table


def _differences(
    table: str, expected: NDArray[Any], ours: NDArray[Any], tolerance: float = 0.0
) -> Comparison:
    if expected.ndim != ours.ndim or expected.shape[1:] != ours.shape[1:]:
        raise FormatError(f"array {table!r} has shape {expected.shape}, not {ours.shape}")
    if len(expected) != len(ours):
        return Comparison(table, np.inf, np.inf, tolerance)
    wanted = expected.astype(np.float64)
    absolute = np.abs(ours - wanted)
    relative = absolute / np.maximum(np.abs(wanted), SMALLEST)
    return Comparison(
        table, float(absolute.max(initial=0)), float(relative.max(initial=0)), tolerance
    )


def main(words: Sequence[str] | None = None) -> int:
    """Print the comparisons of each file; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m trainables.features.conform",
        description="Compare the extractors with expected arrays.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.npz")
    status = 0
    for path in parser.parse_args(words).files:
        try:
            found = compare(path)
        except FormatError as error:
            print(f"{path}: {error}", file=sys.stderr)
            status = 2
            continue
        print(path, *found, sep="\n  ")
        status = max(status, int(not all(comparison.agrees for comparison in found)))
    return status


if __name__ == "__main__":
    sys.exit(main())
