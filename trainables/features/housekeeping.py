"""``python -m trainables.features.store ls|prune``: what the feature store keeps, and less of it.

ls [store=FOLDER]
    one line for each table of each split: blocks, size, days since a search last used it.
prune [store=FOLDER] [unused=DAYS] [dry=true]
    removes the tables of earlier versions and what killed searches left; with unused=DAYS also
    every table that no search has used for so long. Everything removed can be made again.

FOLDER is data/features unless given: features below paths.cache.
"""

import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainables.features.blocks import TABLES
from trainables.features.grey_levels import suffix
from trainables.features.store import CHUNKS
from trainables.grey_levels import GREY_LEVELS

_KEYS = ("store", "unused", "dry")
_DAY = 86400.0
_OF_IMAGES = ("", *(suffix(kind) for kind in GREY_LEVELS))
_CURRENT, _EARLIER, _UNFINISHED = "", "of another version", "unfinished"


@dataclass(frozen=True)
class Entry:
    """A table of a split, or the chunks that shall become some."""

    path: Path
    blocks: int
    size: int
    """Bytes."""
    used: float
    """When a search last used it, in Unix seconds."""

    @property
    def state(self) -> str:
        """What is to be said of it; empty for a table of this version."""
        if self.path.name.startswith(CHUNKS):
            return _UNFINISHED
        of_today = self.path.name in TABLES and self.grey_levels in _OF_IMAGES
        return _CURRENT if of_today else _EARLIER

    @property
    def grey_levels(self) -> str:
        """How the images' are normalised, as in the split's digest; empty if they are not."""
        return "".join(self.path.parent.name.partition(",")[1:])

    def days(self, now: float) -> float:
        """How long no search has used it."""
        return (now - self.used) / _DAY


def entries(root: Path) -> Iterator[Entry]:
    """Go through a store, split by split."""
    for folder in sorted(path for path in root.glob("*/*") if path.is_dir()):
        files = [path.stat() for path in folder.iterdir() if path.suffix in (".npy", ".npz")]
        used = max((file.st_mtime for file in files), default=folder.stat().st_mtime)
        yield Entry(folder, len(files), sum(file.st_size for file in files), used)


def main(words: Sequence[str]) -> int:
    """Run the command; return its exit status, 2 for bad input."""
    if not words or {"-h", "--help"} & set(words):
        print(__doc__)
        return 0 if words else 2
    command, *rest = words
    try:
        options = _options(command, rest)
        root = Path(options.get("store", "data/features"))
        if not root.is_dir():
            raise ValueError(f"store={root}: no such folder")
        unused = _days(options["unused"]) if "unused" in options else None
        dry = options.get("dry", "false") == "true"
    except ValueError as problem:
        print(f"store: {problem}", file=sys.stderr)
        return 2
    if command == "ls":
        _list(list(entries(root)))
    else:
        _prune(list(entries(root)), unused, dry)
    return 0


def _list(found: Sequence[Entry]) -> None:
    now = time.time()
    for entry in found:
        print(_line(entry, now))
    print(f"{len(found)} tables, {_megabytes(sum(entry.size for entry in found))}")


def _prune(found: Sequence[Entry], unused: float | None, dry: bool) -> None:
    now = time.time()
    # What a living search is extracting was written to a moment ago.
    old = [
        entry
        for entry in found
        if entry.state == _EARLIER
        or (entry.state == _UNFINISHED and entry.days(now) > 1)
        or (unused is not None and entry.days(now) > unused)
    ]
    for entry in old:
        print(_line(entry, now))
        if not dry:
            shutil.rmtree(entry.path, ignore_errors=True)
    verb = "would be removed" if dry else "removed"
    print(f"{len(old)} tables, {_megabytes(sum(entry.size for entry in old))} {verb}")


def _line(entry: Entry, now: float) -> str:
    split = entry.path.parent.name.partition(",")[0][:12] + entry.grey_levels
    size, days = _megabytes(entry.size), f"{entry.days(now):.0f} days ago"
    line = f"{split}  {entry.path.name:<34}{entry.blocks:>4} blocks {size:>10}  used {days}"
    return f"{line}  {entry.state}".rstrip()


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _options(command: str, words: Sequence[str]) -> dict[str, str]:
    if command not in ("ls", "prune"):
        raise ValueError(f"{command}: no such command; use ls or prune")
    options = dict(word.partition("=")[::2] for word in words)
    known = _KEYS[:1] if command == "ls" else _KEYS
    for key in options:
        if key not in known:
            raise ValueError(f"{key}: no such option of {command}; use {', '.join(known)}")
    return options


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not days >= 0:
        raise ValueError(f"unused={text}: must be a number of days, 0 or more")
    return days
