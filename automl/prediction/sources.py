"""From what the user names to single files and stacks, in order."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from automl.errors import UserError
from automl.formatting import counted
from automl.plugins import FrameReader

_TOLD = 5  # endings that are worth naming


class Skipped:
    """Files of folders and patterns that the reader does not take for their ending.

    One that it leaves out although it takes the ending, such as a detector's index of the stacks
    beside it, is no loss and is not counted.

    Args:
        reader: Says which endings are images'.
    """

    def __init__(self, reader: FrameReader) -> None:
        self._reader = reader
        self._endings: dict[str, str] = {}

    def note(self, path: Path) -> None:
        """Count a file, which may have been counted before."""
        if not self._reader.takes(Path(f"image{path.suffix}")):
            self._endings[os.path.abspath(path)] = path.suffix.lower()  # noqa: PTH100  # as expand

    def __str__(self) -> str:
        """How many by ending, in a line; empty if none was skipped."""
        if not self._endings:
            return ""
        endings = Counter(self._endings.values()).most_common()
        named = [f"{ending or 'none'} {count:,}" for ending, count in endings[:_TOLD]]
        if len(endings) == 1:
            named = [endings[0][0] or "none"]
        elif len(endings) > _TOLD:
            named.append("others")
        files = counted(len(self._endings), "files")
        return f"{files} skipped: no image's ending ({', '.join(named)})"


def expand(words: Sequence[str], reader: FrameReader, skipped: Skipped) -> list[str]:
    """Return every source once: files as they are, those of folders and patterns by name.

    Of folders and patterns only files that the reader takes are returned. ``a.png``, ``./a.png``
    and its full path are one source, named as it came first.

    Args:
        words: Files, folders and patterns.
        reader: Says which files are images.
        skipped: Takes those that are not.

    Raises:
        UserError: Something does not exist, cannot be looked into, or has no images.
    """
    found: dict[str, str] = {}
    for word in words:
        if Path(word).is_dir():
            below = [str(path) for path in files_below(Path(word), reader, skipped, _refuse)]
        elif reader.file_of(word).exists():
            below = [word]
        elif glob.has_magic(word):
            below = list(_matching(word, reader, skipped))
        else:
            raise UserError(f"{word}: there is no such file or folder")
        if not below:
            raise UserError(f"{word}: no images there")
        for name in below:
            found.setdefault(os.path.abspath(name), name)  # noqa: PTH100  # "a/../b" is "b"
    return list(found.values())


def files_below(
    folder: Path,
    reader: FrameReader,
    skipped: Skipped | None = None,
    refuse: Callable[[OSError], None] | None = None,
) -> Iterator[Path]:
    """Yield the images of a folder and those below it, by name; hidden ones are left out.

    Args:
        folder: The folder.
        reader: Says which files are images.
        skipped: Takes those that are not.
        refuse: Takes what the system says of a folder that cannot be looked into; otherwise such
            are left out.
    """
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if name.startswith("."):
                continue
            if reader.takes(path):
                yield path
            elif skipped is not None:
                skipped.note(path)


def _refuse(error: OSError) -> None:
    raise UserError(f"{error.filename}: cannot be looked into ({error.strerror})") from error


def _matching(pattern: str, reader: FrameReader, skipped: Skipped) -> Iterator[str]:
    for name in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207  # keeps "./" and "~"
        path = Path(name)
        if path.is_dir():
            yield from (str(below) for below in files_below(path, reader, skipped, _refuse))
        elif reader.takes(path):
            yield name
        else:
            skipped.note(path)
