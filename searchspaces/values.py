"""Plain values: hashable inside a space, plain Python outside of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from searchspaces.identity import canonical_json

Value: TypeAlias = "bool | int | float | str | tuple[Value, ...] | None"
"""What a parameter may take. A list is held as a tuple, so that spaces stay immutable."""


def freeze(value: object) -> Value:
    """Turn a plain value into its immutable form.

    Raises:
        TypeError: The value is a mapping or no plain data.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return tuple(freeze(item) for item in value)
    raise TypeError(f"{type(value).__name__} is not null, a boolean, number, string or list")


def plain(value: Value) -> Any:
    """Turn an immutable value back into plain Python, tuples into lists."""
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def label(value: object) -> str:
    """Name a value by its canonical JSON, the spelling used inside ConfigSpace.

    Equal numbers share a label; ``1``, ``true`` and ``"1"`` have three.
    """
    return canonical_json(value)
