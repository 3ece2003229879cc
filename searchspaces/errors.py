"""The one error this package raises, and the near-miss hint its messages carry."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class SpaceError(ValueError):
    """A search space or a configuration cannot be used.

    The message is one line: where (file or space, and key), what is wrong, what to do.
    """


def hint(given: object, known: Iterable[str]) -> str:
    """Name the closest of `known`, or list all of them when none is close.

    Args:
        given: The name that was not understood.
        known: The names that would have been.

    Returns:
        A phrase that continues a message, such as ``did you mean 'categorical'?``.
    """
    names = list(known)
    close = get_close_matches(str(given), names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(names) or 'none'}"
