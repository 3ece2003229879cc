"""Structure-factor files of every kind: telling them apart, checking and reading them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from diffranet.errors import DataError
from diffranet.simulator.crystal import Cell
from diffranet.simulator.factors.faults import one_line_refusal, require_gemmi
from diffranet.simulator.factors.model import read_model
from diffranet.simulator.factors.reflections import read_mtz, read_reflection_cif
from diffranet.simulator.factors.table import StructureFactors
from diffranet.simulator.factors.text import read_hkl_text

TEXT = (".hkl", ".txt", ".dat")
MTZ = (".mtz",)
COORDINATES = (".pdb", ".ent")
CIF = (".cif", ".mmcif")
COMPRESSED = ".gz"


def load_factors(
    path: str | Path,
    d_min: float | None = None,
    column: str | None = None,
    cell: Cell | None = None,
) -> tuple[StructureFactors, Cell | None]:
    """Read structure factors, or compute those of an atomic model, by the file's suffix.

    ``.mtz`` and ``.cif``/``.mmcif`` with reflections are read and expanded to all indices;
    ``.pdb``, ``.ent`` and ``.cif``/``.mmcif`` with coordinates give calculated factors with bulk
    solvent; ``.hkl``, ``.txt`` and ``.dat`` are plain lists of ``h k l F``. All may be gzipped
    (``.gz``).

    Args:
        path: The file.
        d_min: Resolution limit, Angstrom. A model needs one; of listed reflections the finer
            ones are left out, of a plain list only if ``cell`` is given too.
        column: Label of the amplitudes or intensities in a reflection file; None for the best.
        cell: Unit cell of a plain list, which names none; other files bring their own.

    Returns:
        The factors, and the cell that the file names: None for a plain list.

    Raises:
        DataError: One line that names the file and what is wrong with it.
    """
    path = Path(path)
    check_factors_file(path)
    suffix = _suffix(path)
    if column is not None and suffix not in (*MTZ, *CIF):
        raise DataError(f"{path}: has no columns to choose {column!r} from; leave the column out")
    if suffix in TEXT:
        return read_hkl_text(path, cell, d_min), None
    if suffix in MTZ:
        return read_mtz(path, d_min, column)
    if suffix in CIF and _has_reflections(path):
        return read_reflection_cif(path, d_min, column)
    if column is not None:
        raise DataError(f"{path}: holds a model, no column {column!r}; leave the column out")
    if d_min is None:
        raise DataError(f"{path}: a model needs a resolution limit (d_min)")
    return read_model(path, d_min)


def check_factors_file(path: str | Path) -> None:
    """Check what can be checked of a structure-factor file without reading it through.

    Raises:
        DataError: It is missing, unreadable, empty or of an unknown kind, or what reads its kind
            is not installed; one line.
    """
    path = Path(path)
    known = (*TEXT, *MTZ, *CIF, *COORDINATES)
    suffix = _suffix(path)
    if suffix not in known:
        raise DataError(
            f"{path}: unknown kind of structure-factor file; known are {', '.join(known)}, "
            f"also with {COMPRESSED}"
        )
    with one_line_refusal(path), path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise DataError(f"{path}: the file is empty")
    if suffix not in TEXT:
        require_gemmi(path)


def factors_digest(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits.

    Raises:
        DataError: The file cannot be read.
    """
    path = Path(path)
    with one_line_refusal(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _suffix(path: Path) -> str:
    inner = path.with_suffix("") if path.suffix.lower() == COMPRESSED else path
    return inner.suffix.lower()


def _has_reflections(path: Path) -> bool:
    import gemmi

    with one_line_refusal(path, "mmCIF file"):
        return any(block.find_loop("_refln.index_h") for block in gemmi.cif.read(str(path)))
