"""Configurations from elsewhere, brought into a space where that can be done without guessing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from searchspaces.errors import SpaceError
from searchspaces.space import Space
from searchspaces.values import label, plain


@dataclass(frozen=True)
class Fitted:
    """A point of a space and what had to change to make it one."""

    configuration: dict[str, Any]
    """As the space spells it."""
    changes: tuple[str, ...]
    """Such as ``batch_size 1 is not in the space: 4``; empty if it was a point already."""


def fit(space: Space, configuration: Mapping[str, Any]) -> Fitted:
    """Make a point of a space by taking the nearest value of each quantity that is outside.

    Quantities are floats, integers, ordinals and categoricals declared ``numeric``. Nothing else
    is changed: another parameter, a category that is unknown or a value that is missing make the
    configuration no point of the space.

    Raises:
        SpaceError: It cannot be made one; the message names the first parameter in its way.
    """
    fitted: dict[str, Any] = {}
    changes = []
    for name, value in configuration.items():
        fitted[name] = value
        if name not in space.names:
            continue
        try:
            nearest = space[name].nearest(value)
        except ValueError as problem:
            raise SpaceError(f"space {space.name}: {name}: {problem}") from None
        fitted[name] = plain(nearest)
        # Of a subset only the order of its items may differ, and of a number only its spelling.
        if not space[name].takes(value):
            changes.append(f"{name} {label(value)} is not in the space: {label(plain(nearest))}")
    return Fitted(space.canonical(fitted), tuple(changes))
