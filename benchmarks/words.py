"""What a benchmark's command is told, KEY=VALUE words, and how it ends.

A reader makes a value of the text behind the equals sign, or raises ValueError with what that text
must be.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.errors import SearchError, UserError, near_miss

Reader = Callable[[str], Any]


def whole(least: int = 1) -> Reader:
    """A whole number that is not below ``least``."""

    def reader(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ValueError(f"must be a whole number of at least {least}")
        return int(text)

    return reader


def positive(text: str) -> float:
    """A number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise ValueError("must be a positive number")
    return number


def switch(text: str) -> bool:
    """``true`` or ``false``."""
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def choice(*known: str) -> Reader:
    """One of some texts."""

    def reader(text: str) -> str:
        if text not in known:
            raise ValueError(f"unknown '{text}'{near_miss(text, known)}")
        return text

    return reader


def listed(reader: Reader, separator: str = ",") -> Reader:
    """A tuple of at least one value, each as ``reader`` makes it."""
    return lambda text: tuple(map(reader, text.split(separator)))


def file(text: str) -> Path:
    """A file to write, refused before anything is measured if its folder is not there."""
    path = Path(text)
    if not path.parent.is_dir() or path.is_dir():
        raise ValueError("must be a file in a folder that exists")
    return path


def read(words: Sequence[str], readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Return the values by key; of a key that is given twice the last.

    Raises:
        UserError: In one line, naming the word.
    """
    given: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or key not in readers:
            raise UserError(f"{word}: expected KEY=VALUE with one of {', '.join(readers)}")
        try:
            given[key] = readers[key](text)
        except ValueError as error:
            raise UserError(f"{word}: {error}") from error
    return given


@dataclass(frozen=True)
class Command:
    """A benchmark's ``main``, to be called with words.

    Attributes:
        main: Takes the values by key; none is always given.
        readers: By key.
        failures: What ``main`` raises when it began and there is nothing to print.
    """

    main: Callable[..., None]
    readers: Mapping[str, Reader]
    failures: tuple[type[Exception], ...] = ()

    def __call__(self, words: Sequence[str] | None = None) -> int:
        """Run the benchmark, by default with the command line's words; return the exit code.

        It is 2, with one line on standard error, for what the user can mend, and 1, likewise, for
        one of the ``failures``.
        """
        try:
            self.main(**read(sys.argv[1:] if words is None else words, self.readers))
        except self.failures as error:
            return _say(error, 1)
        except (UserError, SearchError) as error:
            return _say(error, 2)
        except Exception as error:
            # Not above: some benchmarks measure how a process starts, and Hydra is not in that.
            from automl.compose import BORDER_ERRORS, explain

            if not isinstance(error, BORDER_ERRORS):
                raise
            return _say(explain(error), 2)
        return 0


def _say(error: Exception, code: int) -> int:
    print(error, file=sys.stderr)
    return code
