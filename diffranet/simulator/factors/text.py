"""Plain lists of structure factors, ``h k l F`` per line, as nanoBragg reads them."""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path
from typing import TextIO, cast

import numpy as np

from diffranet.errors import DataError
from diffranet.simulator.crystal import Cell
from diffranet.simulator.factors.faults import one_line_refusal
from diffranet.simulator.factors.listing import table_from_list, within_resolution
from diffranet.simulator.factors.table import StructureFactors

COMMENT = "#"
LARGEST_INDEX = 10_000


def read_hkl_text(
    path: Path, cell: Cell | None = None, d_min: float | None = None
) -> StructureFactors:
    """Read amplitudes from text: h, k, l and F in electrons, separated by blanks.

    As for nanoBragg the list is complete: symmetry and Friedel mates stand in it, what does not
    is zero, and of repeated reflections the last counts. Further columns, blank lines and what
    follows a ``#`` are ignored. A name ending in ``.gz`` is unpacked.

    Args:
        path: The file.
        cell: Unit cell; only the resolution limit asks for it.
        d_min: Reflections of finer spacing (Angstrom) are left out.

    Raises:
        DataError: The file cannot be read, a line does not hold a reflection, or no F is above
            zero; one line with the file, the line number and what is wrong.
    """
    with one_line_refusal(path):
        try:
            with _opened(path) as lines, warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of a file without data
                columns = np.loadtxt(lines, usecols=(0, 1, 2, 3), comments=COMMENT, ndmin=2)
        except (ValueError, IndexError) as error:
            raise DataError(_first_fault(path) or f"{path}: {error}") from error
        if not len(columns):
            raise DataError(f"{path}: no reflections; every line needs h k l F")
        indices, amplitudes = np.rint(columns[:, :3]), columns[:, 3]
        sound = np.isfinite(columns).all() and not (amplitudes < 0.0).any()
        if not sound or (indices != columns[:, :3]).any() or np.abs(indices).max() > LARGEST_INDEX:
            raise DataError(_first_fault(path) or f"{path}: not a list of h k l F")
        whole = indices.astype(np.int32)
        if cell is not None and d_min is not None:
            kept = within_resolution(whole, cell, d_min)
            whole, amplitudes = whole[kept], amplitudes[kept]
            if not len(whole):
                raise DataError(f"{path}: no reflection within {d_min:g} Angstrom")
        return table_from_list(whole, amplitudes**2)


def _opened(path: Path) -> TextIO:
    # What is no text becomes characters that are no number, and is refused with its line.
    if path.suffix.lower() == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8", errors="replace"))
    return path.open(encoding="utf-8", errors="replace")


def _first_fault(path: Path) -> str | None:
    """Where and why the first line that holds no reflection is refused."""
    with _opened(path) as lines:
        for number, line in enumerate(lines, start=1):
            words = line.partition(COMMENT)[0].split()
            fault = _fault_of(words) if words else None
            if fault:
                return f"{path}: line {number}: {fault}"
    return None


def _fault_of(words: list[str]) -> str | None:
    if len(words) < 4:
        return f"{len(words)} columns instead of four; give h k l F, separated by blanks"
    for name, word in zip(("h", "k", "l", "F"), words, strict=False):
        try:
            value = float(word)
        except ValueError:
            return f"{name} is {word[:20]!r}, not a number; give h k l F, separated by blanks"
        if not np.isfinite(value):
            return f"{name} is {word}; leave out reflections without a value"
        if name == "F" and value < 0.0:
            return f"F is {word}; an amplitude cannot be negative"
        if name != "F" and (value != round(value) or abs(value) > LARGEST_INDEX):
            return f"{name} is {word}, not a Miller index"
    return None
