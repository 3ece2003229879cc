"""What holds frames: a file of one image, a detector's file, or a stack in an HDF5 file."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from diffranet.errors import DataError
from diffranet.frames.counts import Frame
from diffranet.reader import SUFFIXES, decode_pixels

DETECTOR_SUFFIXES = (
    *(".cbf", ".edf", ".img", ".mar2300", ".mar3450", ".marccd", ".mccd", ".osc", ".sfrm"),
    *(".cbf.gz", ".cbf.bz2", ".edf.gz", ".edf.bz2"),
)
"""Of the formats that fabio reads, those of crystallography's detectors."""


class Source(Protocol):
    """Frames in their order, numbered from 0."""

    def __len__(self) -> int:
        """How many there are."""

    def frame(self, index: int) -> Frame:
        """Read one; ``DataError`` or ``OSError`` where it cannot be read."""

    def close(self) -> None:
        """Let go of the file."""


class SingleImage:
    """A PNG, PGM or TIFF file.

    Raises:
        OSError: The file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content = path.read_bytes()

    def __len__(self) -> int:
        return 1

    def frame(self, index: int) -> Frame:
        """Decode it.

        Raises:
            DataError: It is damaged or no single grey image.
        """
        del index
        return Frame(decode_pixels(self._content, self._path))

    def close(self) -> None:
        """Let go of its bytes."""
        self._content = b""


class DetectorFile:
    """A file of a detector, read by fabio (extra ``detectors``).

    Raises:
        DataError: fabio is missing, or cannot read the file.
        OSError: There is no such file.
    """

    def __init__(self, path: Path) -> None:
        require("fabio", "detectors", path)
        import fabio

        path.stat()
        self._path = path
        with self._refusing():
            self._file = fabio.open(str(path))

    def __len__(self) -> int:
        return int(self._file.nframes)

    def frame(self, index: int) -> Frame:
        """Decode one frame.

        Raises:
            DataError: It is damaged or no grey image.
        """
        with self._refusing():
            pixels = self._file.get_frame(index).data
        if pixels is None or pixels.ndim != 2:
            raise DataError(f"{self._path} is no grey image")
        return Frame(pixels)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        # fabio reads on where a checksum fails, and says so in its log alone.
        log, complaints = logging.getLogger("fabio"), _Complaints()
        log.addHandler(complaints)
        try:
            yield
        # A damaged header can make any of its readers raise anything.
        except Exception as error:
            reason = (str(error).splitlines() or [""])[0] or type(error).__name__
            raise DataError(f"{self._path} is damaged: fabio cannot read it ({reason})") from error
        finally:
            log.removeHandler(complaints)
        if complaints.of_checksums:
            raise DataError(f"{self._path} is damaged: its checksum fails")


class _Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.of_checksums = False

    def emit(self, record: logging.LogRecord) -> None:
        self.of_checksums |= "checksum" in record.getMessage().lower()


def require(module: str, extra: str, path: Path) -> None:
    """Refuse a file whose reader is not installed.

    Raises:
        DataError: Naming the extra that brings it.
    """
    if find_spec(module) is None:
        raise DataError(
            f"{path}: {module} reads such files and is not installed; "
            f"pip install 'deepfreak-automl[{extra}]'"
        )


def is_single(path: Path) -> bool:
    """Whether the name is that of a PNG, PGM or TIFF file."""
    return path.suffix.lower() in SUFFIXES


def is_detector(path: Path) -> bool:
    """Whether the name is that of a detector's file."""
    return path.name.lower().endswith(DETECTOR_SUFFIXES)
