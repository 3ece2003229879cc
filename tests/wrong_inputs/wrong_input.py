"""One wrong input: what is typed, the line that answers it, and what to do."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

# What `automl.run` is given in every case, unless the case has the key itself.
RUN = ("search=classical_random", "scale=smoke", "data=diffranet", "data.root=images")

Scene = Callable[[Path], AbstractContextManager[Mapping[str, object]]]


@dataclass(frozen=True)
class WrongInput:
    """One row of docs/errors.md, and one test.

    Attributes:
        what: What is wrong, in a few words; no two cases have the same.
        command: The module after ``automl.``, or ``simulate``.
        words: Its arguments; ``{port}`` and the like stand for what the scene gives.
        line: What it says behind ``automl: ``; ``…`` stands for any text.
        remedy: What to do, where the line does not say it all.
        scene: Sets up the folder before the command, and holds what it needs meanwhile.
        status: The exit status.
        late: Whether only the images or the cluster show it: Ray has started by then.
        bare: Whether ``RUN`` is left out.
    """

    what: str
    command: str
    words: tuple[str, ...]
    line: str
    remedy: str = ""
    scene: Scene | None = None
    status: int = 2
    late: bool = False
    bare: bool = False

    def arguments(self, given: Mapping[str, object]) -> list[str]:
        """Return the command line behind the module's name."""
        own = [word.format(**given) if given else word for word in self.words]
        if self.command != "run" or self.bare:
            return own
        keys = {word.partition("=")[0].lstrip("+~") for word in own}
        return [word for word in RUN if word.partition("=")[0] not in keys] + own

    def matches(self, said: str) -> bool:
        """Whether a line is the one that is expected."""
        parts = (re.escape(part) for part in self.line.split("…"))
        return re.fullmatch(f"(?:automl|diffranet.simulate): {'.*'.join(parts)}", said) is not None


def scene(prepare: Callable[[Path], object]) -> Scene:
    """Make a scene of a function that changes the folder."""

    @contextlib.contextmanager
    def play(home: Path) -> Iterator[Mapping[str, object]]:
        prepare(home)
        yield {}

    return play


def written(name: str, content: str | bytes) -> Scene:
    """Make a scene in which a file has some content."""

    def prepare(home: Path) -> None:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return scene(prepare)
