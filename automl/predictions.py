"""Classes of many images as one short text, for the ledger: a base-36 digit an image."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def to_digits(labels: Iterable[int], classes: int) -> str | None:
    """Return one digit an image, its class's index; None where the classes outnumber the digits.

    Args:
        labels: Indices into the domain's classes, in the split's order.
        classes: How many classes the domain has.

    Raises:
        ValueError: An index is none of the domain's.
    """
    if classes > len(_DIGITS):
        return None
    indices = [int(label) for label in labels]
    if any(not 0 <= index < classes for index in indices):
        raise ValueError(f"to_digits: an index lies outside 0 … {classes - 1}")
    return "".join(_DIGITS[index] for index in indices)


def from_digits(text: str) -> NDArray[np.int64]:
    """Undo :func:`to_digits`.

    Raises:
        ValueError: A character is no digit to base 36.
    """
    return np.array([int(digit, 36) for digit in text], dtype=np.int64)
