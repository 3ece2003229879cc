"""Read reference files: ``.npz`` of plain arrays and a ``meta`` of JSON, refused in one line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile
from zlib import error as ZlibError  # noqa: N812

import numpy as np
import numpy.typing as npt

from diffranet.errors import DataError
from diffranet.simulator.geometry import FloatArray

Arrays = Mapping[str, npt.NDArray[np.generic]]


class Meta:
    """The ``meta`` of a file, with messages that name the file and the key."""

    def __init__(self, values: Mapping[str, object], path: Path) -> None:
        self._values = values
        self._path = path

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number.

        Raises:
            DataError: It is absent and has no default, or is something else.
        """
        value = self._values.get(key, default)
        if value is None:
            raise self._missing(key)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise DataError(f"{self._path}: meta key {key!r} must be a number, got {value!r}")
        return float(value)

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number of at least 1.

        Raises:
            DataError: It is absent and has no default, or is something else.
        """
        return self._as_whole(key, self.number(key, default))

    def numbers(self, key: str, n: int) -> tuple[float, ...]:
        """A list of n finite numbers.

        Raises:
            DataError: It is absent or something else.
        """
        value = self._values.get(key)
        if value is None:
            raise self._missing(key)
        if not isinstance(value, list) or len(value) != n:
            raise DataError(f"{self._path}: meta key {key!r} must list {n} numbers, got {value!r}")
        return tuple(Meta({key: part}, self._path).number(key) for part in value)

    def wholes(self, key: str, n: int) -> tuple[int, ...]:
        """A list of n whole numbers of at least 1.

        Raises:
            DataError: It is absent or something else.
        """
        return tuple(self._as_whole(key, value) for value in self.numbers(key, n))

    def text(self, key: str, default: str | None = None) -> str:
        """A text.

        Raises:
            DataError: It is absent and has no default, or is something else.
        """
        value = self._values.get(key, default)
        if value is None:
            raise self._missing(key)
        if not isinstance(value, str) or not value:
            raise DataError(f"{self._path}: meta key {key!r} must be a text, got {value!r}")
        return value

    def _as_whole(self, key: str, value: float) -> int:
        if value < 1 or value != int(value):
            raise DataError(
                f"{self._path}: meta key {key!r} must be whole and at least 1, got {value:g}"
            )
        return int(value)

    def _missing(self, key: str) -> DataError:
        return DataError(f"{self._path}: meta has no key {key!r}")


def load_arrays(path: Path) -> Arrays:
    """Read every array of an ``.npz`` file.

    Raises:
        DataError: There is no such file, or it is damaged or no ``.npz``.
    """
    if not path.exists():
        raise DataError(f"{path}: there is no such file")
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}
    except (OSError, ValueError, EOFError, AttributeError, KeyError, BadZipFile, ZlibError):
        raise DataError(f"{path}: no readable .npz file of plain arrays") from None


def read_meta(arrays: Arrays, path: Path) -> Meta:
    """Read the ``meta`` array of a file: one text of JSON.

    Raises:
        DataError: It is absent or no JSON object.
    """
    stored = need(arrays, "meta", path)
    try:
        text = stored.item()
        values = json.loads(text if isinstance(text, bytes) else str(text))
    except ValueError:  # also of an array of several values
        raise DataError(f"{path}: array 'meta' must be one text of JSON") from None
    if not isinstance(values, dict):
        raise DataError(f"{path}: array 'meta' must hold a JSON object")
    return Meta(values, path)


def need(arrays: Arrays, key: str, path: Path) -> npt.NDArray[np.generic]:
    """An array of a file by name.

    Raises:
        DataError: It is absent.
    """
    if key not in arrays:
        raise DataError(f"{path}: has no array {key!r}; it holds {', '.join(arrays) or 'nothing'}")
    return arrays[key]


def numbers(arrays: Arrays, key: str, path: Path, shape: tuple[int | None, ...]) -> FloatArray:
    """An array of finite numbers in double precision.

    Args:
        arrays: Of the file.
        key: Which.
        path: For messages.
        shape: What it must be; None for any length.

    Raises:
        DataError: It is absent, or of another shape or kind.
    """
    stored = need(arrays, key, path)
    fits = stored.ndim == len(shape) and all(
        n > 0 and wanted in (None, n) for n, wanted in zip(stored.shape, shape, strict=True)
    )
    if not fits:
        wanted = " x ".join("n" if n is None else str(n) for n in shape)
        raise DataError(f"{path}: array {key!r} must be {wanted}, its shape is {stored.shape}")
    if not np.issubdtype(stored.dtype, np.number) or np.iscomplexobj(stored):
        raise DataError(f"{path}: array {key!r} must hold numbers, it holds {stored.dtype}")
    values = np.asarray(stored, dtype=np.float64)
    if not np.isfinite(values).all():
        raise DataError(f"{path}: array {key!r} has values that are no finite numbers")
    return values
