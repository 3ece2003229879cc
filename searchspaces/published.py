"""Configurations that a paper published for a space, in the paper's own values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from searchspaces.errors import SpaceError
from searchspaces.values import Value, freeze


@dataclass(frozen=True)
class Published:
    """One published configuration, which may lie outside of the space: `fit` brings it in."""

    source: str
    """Where it is printed, such as ``Table 11 B``."""
    values: tuple[tuple[str, Value], ...]
    """Parameters and their values, as printed."""


def parse_published(declared: Any, where: str) -> tuple[Published, ...]:
    """Parse the section ``published`` of a space: parameters' values by source.

    Whether a configuration is a point of the space is not asked here, so that a space can be
    narrowed by an override without touching what was published for it.

    Args:
        declared: The section as plain containers; None for none.
        where: What messages call it.

    Raises:
        SpaceError: It has another shape.
    """
    if declared is None:
        return ()
    if not isinstance(declared, Mapping):
        raise SpaceError(f"{where}: is {declared!r}, not a mapping; give sources and their values")
    return tuple(_parse_one(source, values, where) for source, values in declared.items())


def _parse_one(source: object, values: Any, where: str) -> Published:
    if not isinstance(source, str) or not source.strip():
        raise SpaceError(f"{where}: {source!r} is no source; name the table or the section")
    if not isinstance(values, Mapping) or not values:
        raise SpaceError(f"{where}.{source}: is {values!r}; give parameters and their values")
    try:
        return Published(source, tuple((str(key), freeze(value)) for key, value in values.items()))
    except TypeError as problem:
        raise SpaceError(f"{where}.{source}: {problem}; give single values or lists") from None
