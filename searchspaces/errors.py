"""The one error this package raises, and the near-miss hint its messages carry."""

from __future__ import annotations

from collections.abc import Iterable

_LETTERS_PER_SLIP = 4
_SHORTEST = 3


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
    near = nearest(str(given), names)
    return f"did you mean {near!r}?" if near else f"known are: {', '.join(names) or 'none'}"


def nearest(given: str, known: Iterable[str]) -> str | None:
    """Return the name that was meant, None where that would be a guess.

    It is the only one that the fewest slips lead to (a letter too many, too few, another one, or
    two swapped), one for every four letters at most; or the only one that was shortened.

    Args:
        given: The name that was not understood.
        known: The names that would have been.
    """
    names = sorted(set(known))
    word = given.casefold()
    slips = {name: _slips(word, name.casefold()) for name in names}
    fewest = min(slips.values(), default=0)
    near = [name for name in names if slips[name] == fewest]
    if len(near) == 1 and fewest <= max(1, len(word) // _LETTERS_PER_SLIP) < len(near[0]):
        return near[0]
    longer = [name for name in names if _shortens(word, name.casefold())]
    return longer[0] if len(longer) == 1 and len(word) >= _SHORTEST else None


def _shortens(word: str, name: str) -> bool:
    """Whether a word has the first letter of a name and others of it, in their order."""
    letters = iter(name)
    return word[:1] == name[:1] and all(letter in letters for letter in word)


def _slips(one: str, other: str) -> int:
    """Count the slips that make one word of the other (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        last, row = row, [i]
        for j, there in enumerate(other, start=1):
            least = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != there))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == there:
                least = min(least, before[j - 2] + 1)
            row.append(least)
        before = last
    return row[-1]
