"""Checks of options that come from a configuration file or a command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from diffranet.errors import DataError


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint to the nearest known word, or the list of them all."""
    known = list(known)
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"


def refuse_unknown(options: Mapping[str, object], known: Iterable[str], where: str) -> None:
    """Refuse keys that nobody reads.

    Raises:
        DataError: A key is not among the known ones.
    """
    known = list(known)
    for key in options:
        if key not in known:
            raise DataError(f"{where}: unknown option {key!r}; {did_you_mean(str(key), known)}")


def integer(value: object, where: str, least: int, most: int | None = None) -> int:
    """A whole number within bounds.

    Raises:
        DataError: It is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise DataError(f"{where} must be a whole number, got {value!r}")
    if value < least or (most is not None and value > most):
        bounds = f"at least {least}" if most is None else f"{least} to {most}"
        raise DataError(f"{where} must be {bounds}, got {value}")
    return value


def choice(value: object, where: str, known: Iterable[str]) -> str:
    """One of some words.

    Raises:
        DataError: It is none of them.
    """
    known = list(known)
    if not isinstance(value, str) or value not in known:
        raise DataError(f"{where}: unknown value {value!r}; {did_you_mean(str(value), known)}")
    return value


def mapping(value: object, where: str) -> Mapping[str, object]:
    """A group of options.

    Raises:
        DataError: It is something else.
    """
    if not isinstance(value, Mapping):
        raise DataError(f"{where} must be a group of key: value options, got {value!r}")
    return value
