"""From what the user names to single files and stacks, in order."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from automl.errors import UserError
from automl.plugins import FrameReader


def expand(words: Sequence[str], reader: FrameReader) -> list[str]:
    """Return every source once: files as they are, those of folders and patterns by name.

    Of folders and patterns only files that the reader takes are returned. ``a.png``, ``./a.png``
    and its full path are one source, named as it came first.

    Raises:
        UserError: Something does not exist, cannot be looked into, or has no images.
    """
    found: dict[str, str] = {}
    for word in words:
        if Path(word).is_dir():
            below = [str(path) for path in files_below(Path(word), reader, _refuse)]
        elif reader.file_of(word).exists():
            below = [word]
        elif glob.has_magic(word):
            below = list(_matching(word, reader))
        else:
            raise UserError(f"{word}: there is no such file or folder")
        if not below:
            raise UserError(f"{word}: no images there")
        for name in below:
            found.setdefault(os.path.abspath(name), name)  # noqa: PTH100  # "a/../b" is "b"
    return list(found.values())


def files_below(
    folder: Path, reader: FrameReader, refuse: Callable[[OSError], None] | None = None
) -> Iterator[Path]:
    """Yield the images of a folder and those below it, by name; hidden ones are left out.

    Args:
        folder: The folder.
        reader: Says which files are images.
        refuse: Takes what the system says of a folder that cannot be looked into; otherwise such
            are left out.
    """
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and reader.takes(path):
                yield path


def _refuse(error: OSError) -> None:
    raise UserError(f"{error.filename}: cannot be looked into ({error.strerror})") from error


def _matching(pattern: str, reader: FrameReader) -> Iterator[str]:
    for name in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207  # keeps "./" and "~"
        path = Path(name)
        if path.is_dir():
            yield from (str(below) for below in files_below(path, reader, _refuse))
        elif reader.takes(path):
            yield name
