"""What ``python -m automl.predict`` was asked for."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.arguments import CommandLine
from automl.errors import UserError

BATCH = 32
DEVICES = ("cpu", "cuda")
KINDS = (".csv", ".parquet")


@dataclass(frozen=True)
class Options:
    """The command line, parsed.

    Attributes:
        images: Files, folders, patterns and stacks within files, as they were written.
        out: Where rows go instead of standard output.
        watch: Folder to follow; there are no ``images`` then.
        batch: Images that the model gets at once.
        reading: Options for the data set's reader, those that were given.
        model: A model's file instead of the chosen one's.
    """

    name: str
    images: tuple[str, ...]
    out: Path | None
    watch: Path | None
    batch: int
    device: str
    reading: Mapping[str, Any]
    model: Path | None
    trust_pickle: bool
    runs: Path


def parse_options(arguments: Sequence[str], description: str | None) -> Options:
    """Return the options.

    Raises:
        UserError: One is unknown, bad or lacks its value, or there is nothing to do.
    """
    parser = CommandLine(
        prog="python -m automl.predict",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help="a finished search: a folder under --runs")
    parser.add_argument(
        "images",
        nargs="*",
        metavar="IMAGES",
        help="files, folders (with those below), patterns in quotes, FILE.h5:/path/to/stack",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="rows go to a .csv or .parquet file"
    )
    parser.add_argument(
        "--watch",
        type=Path,
        metavar="DIR",
        help="follow a folder as files appear in it, without IMAGES; Ctrl-C ends it",
    )
    parser.add_argument(
        "--batch", type=int, default=BATCH, metavar="N", help=f"images at a time; default: {BATCH}"
    )
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    parser.add_argument(
        "--crop",
        metavar="PART",
        help="centre (default), upper, lower, or TOP,LEFT,HEIGHT,WIDTH in pixels",
    )
    parser.add_argument(
        "--downsample",
        metavar="HOW",
        help="blocks (default): the largest whole number of pixels to one that leaves the model's "
        "size, around the centre; fit: all that has the model's proportions; or the number",
    )
    parser.add_argument(
        "--scale", type=float, metavar="F", help="multiply the 8-bit greys by this constant"
    )
    parser.add_argument("--model", type=Path, metavar="FILE", help="instead of the chosen model")
    parser.add_argument(
        "--trust-pickle",
        action="store_true",
        help="read a pickled model, and let it run the code that lies in it",
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR")
    found = parser.parse_intermixed_args(list(arguments))
    if not found.images and found.watch is None:
        raise UserError("no images are named; give files or folders, or --watch DIR")
    if found.batch < 1:
        raise UserError(f"--batch: {found.batch} is below 1")
    if found.out is not None and found.out.suffix.lower() not in KINDS:
        raise UserError(f"--out: {found.out} ends in neither {' nor '.join(KINDS)}")
    if found.watch is not None and not found.watch.is_dir():
        raise UserError(f"--watch: {found.watch} is no folder")
    if found.watch is not None and not os.access(found.watch, os.R_OK | os.X_OK):
        raise UserError(f"--watch: {found.watch}: cannot be looked into (Permission denied)")
    if found.watch is not None and found.images:
        raise UserError(
            f"--watch follows {found.watch} alone, and {found.images[0]} is named too; predict "
            "that by a command before, with the same --out if its rows belong together"
        )
    given = {"crop": found.crop, "downsample": found.downsample, "scale": found.scale}
    return Options(
        name=found.name,
        images=tuple(found.images),
        out=found.out,
        watch=found.watch,
        batch=found.batch,
        device=found.device,
        reading={key: value for key, value in given.items() if value is not None},
        model=found.model,
        trust_pickle=found.trust_pickle,
        runs=found.runs.expanduser().absolute(),
    )
