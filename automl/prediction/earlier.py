"""Which frames have rows already, from an earlier run of the same command or from this one."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


@dataclass
class Earlier:
    """What need not be predicted again.

    A source is known by its full path: ``run9/a.png`` and ``/data/run9/a.png`` are one in /data.

    Attributes:
        images: How many frames have rows without an error.
        frames: Of each source, the number of the frame after its last one.
        failed: Of a source, the frames before that whose rows have errors.
    """

    images: int = 0
    frames: dict[str, int] = field(default_factory=dict)
    failed: dict[str, set[int]] = field(default_factory=dict)

    def copy(self) -> Earlier:
        """Return another of the same content."""
        failed = {source: set(frames) for source, frames in self.failed.items()}
        return Earlier(self.images, dict(self.frames), failed)

    def record(self, source: str, frame: int | None, *, failed: bool) -> None:
        """Take up a row; one without a frame says that nothing of its source could be read."""
        if frame is None:
            return
        self.images += not failed
        self.note(source, frame)
        if failed:
            self.failed.setdefault(_key(source), set()).add(frame)

    def note(self, source: str, frame: int) -> None:
        """Note that a frame needs no other row."""
        key = _key(source)
        self.frames[key] = max(frame + 1, self.frames.get(key, 0))
        if key in self.failed:
            self.failed[key].discard(frame)

    def missing(self, source: str, count: int) -> list[int]:
        """Return which of a source's frames, numbered from 0, are to be predicted."""
        key = _key(source)
        again = sorted(frame for frame in self.failed.get(key, ()) if frame < count)
        return [*again, *range(self.frames.get(key, 0), count)]


def _key(source: str) -> str:
    return os.path.abspath(source)  # noqa: PTH100  # without a look at the disk; "a/../b" is "b"
