"""What an unfinished data set holds: one line for each image, written when the image is whole.

An image that is listed, and whose bytes still have the listed hash, is never made again. An image
that a kill left without its line is; so is one that a power cut left truncated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

JOURNAL_FILE = ".images.jsonl"


class Journal:
    """The list in one folder; a context that holds its file open.

    Attributes:
        known: SHA-256 and sum of greys by path, of the images made before.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL_FILE
        self.known = _read(self._path)
        self._stream = self._path.open("a", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()

    def add(self, rows: Iterable[Mapping[str, object]]) -> None:
        """List the fresh images among some rows of the manifest."""
        fresh = (row for row in rows if row["fresh"])
        lines = [json.dumps([row["path"], row["sha256"], row["grey_sum"]]) for row in fresh]
        # A line that a kill cut short must not take the next one with it.
        self._stream.write("".join(f"\n{line}" for line in lines))
        self._stream.flush()


def _read(path: Path) -> dict[str, tuple[str, int]]:
    known = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                name, sha256, grey_sum = json.loads(line)
            except (ValueError, TypeError):
                continue
            known[str(name)] = (str(sha256), int(grey_sum))
    return known
