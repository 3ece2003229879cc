"""How unreadable structure-factor files are refused: one line with the file's name."""

from __future__ import annotations

import importlib.util
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from diffranet.errors import DataError

INSTALL = 'pip install "deepfreak-automl[crystallography]"'
UNREADABLE = (OSError, EOFError, zlib.error, ValueError, RuntimeError, IndexError, KeyError)
"""What libraries raise on missing, cut and garbled files."""


@contextmanager
def one_line_refusal(path: Path, kind: str = "") -> Iterator[None]:
    """Turn what libraries raise about a file into a ``DataError`` of one line.

    Args:
        path: The file.
        kind: What it was read as, if its content is what may be wrong.
    """
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except MemoryError as error:
        raise DataError(f"{path}: not enough memory to read these structure factors") from error
    except UNREADABLE as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())
        reason = reason.replace(str(path), "").strip(" :") or type(error).__name__
        claim = f"not a readable {kind}: " if kind else ""
        raise DataError(f"{path}: {claim}{reason}") from error


def require_gemmi(path: Path) -> None:
    """Refuse a file that needs the optional crystallography library where that is missing.

    Raises:
        DataError: It is; the message says how to install it.
    """
    if importlib.util.find_spec("gemmi") is None:
        raise DataError(f"{path}: reading this kind of file needs gemmi; {INSTALL}")
