"""Checks of options that come from a configuration file or a command line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

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


def number(
    value: object,
    where: str,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
) -> float:
    """A finite number within bounds; ``least`` and ``most`` are allowed, ``above`` is not.

    Raises:
        DataError: It is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DataError(f"{where} must be a number, got {value!r}")
    low = (least is not None and value < least) or (above is not None and value <= above)
    if low or (most is not None and value > most):
        lower = f"at least {least:g}" if least is not None else ""
        lower = f"above {above:g}" if above is not None else lower
        upper = f"at most {most:g}" if most is not None else ""
        bounds = " and ".join(bound for bound in (lower, upper) if bound)
        raise DataError(f"{where} must be {bounds}, got {value:g}")
    return float(value)


def sequence(value: object, where: str, lengths: tuple[int, ...], of: str) -> list[object]:
    """A list of one of some lengths; ``of`` says what its items are, for the refusal.

    Raises:
        DataError: It is something else.
    """
    if isinstance(value, str) or not isinstance(value, list | tuple) or len(value) not in lengths:
        wanted = " or ".join(str(n) for n in lengths)
        raise DataError(f"{where} must be a list of {wanted} {of}, got {value!r}")
    return list(value)


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


def flatten(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested groups as one mapping with dotted keys."""
    flat: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def command_words(
    arguments: Sequence[str], known: Iterable[str]
) -> tuple[list[Path], dict[str, str]]:
    """Split a command line into paths and options ``key=value``; an existing path is a path.

    Raises:
        DataError: An option is unknown, given twice or without a value.
    """
    known = list(known)
    paths: list[Path] = []
    given: dict[str, str] = {}
    for word in arguments:
        key, equals, value = word.partition("=")
        if not equals or Path(word).exists():
            paths.append(Path(word))
        elif key not in known:
            raise DataError(f"unknown option {key!r}; {did_you_mean(key, known)}")
        elif key in given:
            raise DataError(f"option {key!r} is given twice")
        elif not value:
            raise DataError(f"{word!r}: options are written option=value; see --help")
        else:
            given[key] = value
    return paths, given


def whole_number(text: str, where: str, least: int, most: int | None = None) -> int:
    """A whole number as it is written on a command line, within bounds.

    Raises:
        DataError: It is something else.
    """
    try:
        value = int(text)
    except ValueError:
        raise DataError(f"{where} must be a whole number, got {text!r}") from None
    return integer(value, where, least, most)
