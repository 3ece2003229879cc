"""Compare the simulator with reference images: ``python -m diffranet.conform FILE.npz ...``.

Prints one JSON line per case and engine. A file holds either a diffraction image of nanoBragg
(``image``, ``umats``, ``real_cell_rows``, ``meta``) or images of nonBragg and noisify (any of
``water``, ``air``, ``psf_image``, with ``meta``).

Options and their defaults:
    engines=float64,float32,continuous
                diffraction engines to run
    repeat=3    runs that are timed, after one that is not; the fastest counts

Keys of a line:
    case, engine
    max_abs_over_max   largest difference over the reference's maximum
    l1                 sum of absolute differences over the reference's sum
    correlation        Pearson's, over pixels
    sum_ratio          sum over the reference's sum
    cpu_ms             processor time of the engine alone
    max_relative       water, air: largest relative difference of a pixel
    max_abs_counts     psf: largest difference inside the kernel's radius, in whole counts
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from diffranet.errors import DataError
from diffranet.options import choice, command_words, whole_number
from diffranet.simulator.agreement import agreement
from diffranet.simulator.bragg import ENGINES, bragg_photons
from diffranet.simulator.geometry import FloatArray
from diffranet.simulator.reference_background import AIR, PSF, WATER, layer_case, spread_case
from diffranet.simulator.reference_case import bragg_case
from diffranet.simulator.reference_file import Arrays, load_arrays

Line = dict[str, str | float | None]

OPTIONS = ("engines", "repeat")


def conform(path: Path, engines: Sequence[str], repeat: int) -> Iterator[Line]:
    """Compare every case of a file with what this package computes.

    Args:
        path: The file.
        engines: Diffraction engines, names in ``bragg.ENGINES``.
        repeat: Timed runs of each.

    Yields:
        One line for each case and engine, as printed by the command.

    Raises:
        DataError: The file is unreadable, no case, or describes something impossible.
    """
    arrays = load_arrays(path)
    try:
        if "image" in arrays:
            yield from _bragg_lines(arrays, path, engines, repeat)
        elif {WATER, AIR, PSF} & arrays.keys():
            yield from _background_lines(arrays, path, repeat)
        else:
            raise DataError(
                f"{path}: no case: has none of the arrays 'image', 'water', 'air', 'psf_image'; "
                f"it holds {', '.join(arrays) or 'nothing'}"
            )
    except DataError:
        raise
    except ValueError as error:  # what the simulator refuses: a resolution limit, a wavelength
        raise DataError(f"{path}: {error}") from None


def _bragg_lines(arrays: Arrays, path: Path, engines: Sequence[str], repeat: int) -> Iterator[Line]:
    case = bragg_case(arrays, path)
    factors = case.factors()
    for engine in engines:
        run = partial(bragg_photons, case.crystal, factors, case.detector, case.beam, engine=engine)
        found, cpu_ms = timed(run, repeat)
        yield {
            "case": case.name,
            "engine": engine,
            **agreement(found, case.image),
            "cpu_ms": cpu_ms,
        }


def _background_lines(arrays: Arrays, path: Path, repeat: int) -> Iterator[Line]:
    for name in (WATER, AIR):
        if name in arrays:
            layer = layer_case(name, arrays, path)
            found, cpu_ms = timed(layer.compute, repeat)
            lit = layer.image > 0.0
            relative = np.abs(found[lit] / layer.image[lit] - 1.0)
            yield {
                "case": name,
                "engine": "background",
                **agreement(found, layer.image),
                "max_relative": float(relative.max()) if relative.size else None,
                "cpu_ms": cpu_ms,
            }
    if PSF in arrays:
        case = spread_case(arrays, path)
        found, cpu_ms = timed(case.compute, repeat)
        inside, expected = found[case.inside], case.image[case.inside]
        yield {
            "case": "psf",
            "engine": "detector",
            **agreement(inside, expected),
            "max_abs_counts": float(np.abs(inside - expected).max()),
            "cpu_ms": cpu_ms,
        }


def timed(run: Callable[[], FloatArray], repeat: int) -> tuple[FloatArray, float]:
    """Run something once to have it compiled, then time it.

    Returns:
        What it made, and the processor time of the fastest timed run in milliseconds.
    """
    made = run()
    seconds = []
    for _ in range(repeat):
        begin = time.process_time()
        run()
        seconds.append(time.process_time() - begin)
    return made, 1e3 * min(seconds)


def parse(arguments: Sequence[str]) -> tuple[list[Path], list[str], int]:
    """Read the command line.

    Returns:
        The files, the engines and the number of timed runs.

    Raises:
        DataError: An option is unknown or bad, or no file is named.
    """
    files, given = command_words(arguments, OPTIONS)
    if not files:
        raise DataError("no file is named; give one or more reference files (.npz), see --help")
    engines = [
        choice(name, "engines", ENGINES)
        for name in given.get("engines", ",".join(ENGINES)).split(",")
    ]
    repeat = whole_number(given.get("repeat", "3"), "repeat", 1, 1000)
    return files, list(dict.fromkeys(engines)), repeat


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        Exit status: 2 if an option or any file is bad; the other files are compared all the same.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if {"-h", "--help"} & set(words):
        print((__doc__ or "").strip())
        return 0
    status = 0
    try:
        files, engines, repeat = parse(words)
    except DataError as error:
        print(f"diffranet.conform: {error}", file=sys.stderr)
        return 2
    for path in files:
        try:
            for line in conform(path, engines, repeat):
                print(json.dumps(_plain(line), allow_nan=False), flush=True)
        except DataError as error:
            print(f"diffranet.conform: {error}", file=sys.stderr, flush=True)
            status = 2
        except KeyboardInterrupt:
            print("diffranet.conform: interrupted", file=sys.stderr)
            return 130
    return status


def _plain(line: Line) -> Line:
    """The same with None for numbers that JSON cannot hold."""
    return {
        key: None if isinstance(value, float) and not np.isfinite(value) else value
        for key, value in line.items()
    }


if __name__ == "__main__":
    sys.exit(main())
