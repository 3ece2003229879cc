"""Stacks of frames in HDF5 files: where they are, and one stack as a source of frames.

Needs h5py, and hdf5plugin for the compression of DECTRIS' detectors (extra ``hdf5``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from diffranet.errors import DataError
from diffranet.frames.counts import Frame
from diffranet.frames.downsample import words
from diffranet.frames.hdf5_links import refuse_strangers
from diffranet.frames.sources import require

SUFFIXES = (".h5", ".hdf5", ".nxs", ".cxi")
_SOURCE = re.compile(r"(.+\.(?:h5|hdf5|nxs|cxi)):(/.*)", re.IGNORECASE)
_NUMBERED = re.compile(r"(.*?)\d+")


def is_hdf5(path: Path) -> bool:
    """Whether the name is that of an HDF5 file."""
    return path.suffix.lower() in SUFFIXES


def split_source(source: str) -> tuple[Path, str | None]:
    """Return the file of ``file.h5:/path/to/stack`` and the path within; None where none is."""
    found = _SOURCE.fullmatch(source)
    if found is None or Path(source).exists():
        return Path(source), None
    return Path(found[1]), found[2]


class Stack:
    """Frames of a file's stack, (n, height, width), or of one image, (height, width).

    Several numbered stacks of one group (``data_000001``, ...) are one, in the order of names, as
    detectors write them.

    Args:
        path: The file.
        inside: The stack, or a group with numbered ones; None to find it.
        least: (height, width) below which an array is no image.

    Raises:
        DataError: h5py is missing, the file is damaged, there is no such stack, or several.
        OSError: There is no such file.
    """

    def __init__(self, path: Path, inside: str | None, least: tuple[int, int]) -> None:
        require("h5py", "hdf5", path)
        import h5py

        with suppress(ImportError):  # files without its filters can be read all the same
            import hdf5plugin  # noqa: F401
        path.stat()
        self._path = path
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise self._damaged(error) from error
        try:
            self._parts = self._find(inside, least)
            # One image, or a stack of them.
            self._lengths = [1 if part.ndim == 2 else len(part) for part in self._parts]
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        return sum(self._lengths)

    def frame(self, index: int) -> Frame:
        """Read one frame.

        Raises:
            DataError: It is damaged, or compressed by a filter that is not installed.
        """
        for part, length in zip(self._parts, self._lengths, strict=True):
            if index < length:
                try:
                    pixels = part[()] if part.ndim == 2 else part[index]
                except (OSError, RuntimeError, ValueError) as error:
                    raise self._damaged(error) from error
                return Frame(pixels, has_flags=True)
            index -= length
        raise DataError(f"{self._path} has no such frame")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _find(self, inside: str | None, least: tuple[int, int]) -> list[Any]:
        found = self._file if inside is None else self._file.get(inside)
        if found is None:
            raise DataError(f"{self._path} has no {inside}{self._known(least)}")
        stacks = {found.name: found} if hasattr(found, "shape") else dict(_stacks(found, least))
        if not stacks:
            below = "" if inside is None else f" below {inside}"
            raise DataError(f"{self._path} has no images of {words(least)} pixels or more{below}")
        parts = [stacks[name] for name in sorted(stacks)]
        if not all(_is_image(part, (1, 1)) for part in parts):
            raise DataError(f"{self._path}:{inside} is no image and no stack of them")
        for part in parts:
            refuse_strangers(part, self._path)
        shapes = {(part.shape[-2:], part.dtype) for part in parts}
        prefixes = {match[1] for name in stacks if (match := _NUMBERED.fullmatch(name))}
        if len(parts) > 1 and (len(shapes) > 1 or len(prefixes) != 1 or not _all_numbered(stacks)):
            raise DataError(f"{self._path} has several stacks{self._known(least)}")
        return parts

    def _known(self, least: tuple[int, int]) -> str:
        names = sorted(name for name, _ in _stacks(self._file, least))
        if not names:
            return ""
        return f"; name one of {', '.join(names[:8])} as {self._path}:{names[0]}"

    def _damaged(self, error: Exception) -> DataError:
        reason = (str(error).splitlines() or [""])[0]
        return DataError(f"{self._path} is damaged or still being written ({reason})")


def _stacks(group: Any, least: tuple[int, int]) -> Iterator[tuple[str, Any]]:
    """Yield the stacks below a group; single images only where there are no stacks."""
    found = list(_images(group, least, group.name.rstrip("/"), set()))
    dimensions = max((array.ndim for _, array in found), default=0)
    yield from ((name, array) for name, array in found if array.ndim == dimensions)


def _images(
    group: Any, least: tuple[int, int], name: str, met: set[tuple[Any, ...]]
) -> Iterator[tuple[str, Any]]:
    for key in group:
        try:
            item = group[key]
        except (KeyError, OSError):
            continue  # a link to a file that is not there
        # A link is another name of what was met already, or leads back to where it lies.
        if (identity := _identity(item)) in met:
            continue
        met.add(identity)
        if hasattr(item, "shape"):
            if _is_image(item, least):
                yield f"{name}/{key}", item
        elif hasattr(item, "keys"):
            yield from _images(item, least, f"{name}/{key}", met)


def _is_image(array: Any, least: tuple[int, int]) -> bool:
    if array.ndim not in (2, 3) or array.dtype.kind not in "uif":
        return False
    height, width = array.shape[-2:]
    return bool(height >= least[0] and width >= least[1])


def _identity(item: Any) -> tuple[Any, ...]:
    from h5py import h5o

    about = h5o.get_info(item.id)
    return about.fileno, about.addr


def _all_numbered(names: Any) -> bool:
    return all(_NUMBERED.fullmatch(name) for name in names)
