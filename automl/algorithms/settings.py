"""Checks of the numbers an algorithm is configured with: one line per refusal."""

from __future__ import annotations

import math
from numbers import Integral, Real


def whole(name: str, value: object, *, least: int, most: int | None = None) -> int:
    """Return `value` as an int.

    Raises:
        ValueError: If it is no whole number, smaller than `least` or greater than `most`.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        raise ValueError(f"{name}={value!r}: must be a whole number of at least {least}")
    if most is not None and int(value) > most:
        raise ValueError(f"{name}={value!r}: must be at most {most}")
    return int(value)


def number(name: str, value: object, *, above: float, most: float = math.inf) -> int | float:
    """Return `value` as an int where it was one, else as a float.

    Raises:
        ValueError: If it is no finite number in the interval (above, most].
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not _is_finite(value):
        raise ValueError(f"{name}={value!r}: must be a finite number")
    if not above < float(value) <= most:
        limit = f" and at most {most:g}" if most < math.inf else ""
        raise ValueError(f"{name}={value!r}: must be greater than {above:g}{limit}")
    return int(value) if isinstance(value, Integral) else float(value)


def _is_finite(value: Real) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what a float holds
        return False


def flag(name: str, value: object) -> bool:
    """Return `value` if it is true or false.

    Raises:
        ValueError: If it is anything else.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{name}={value!r}: must be true or false")
    return value
