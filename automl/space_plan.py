"""What a preview says of the space: how large it is, and what differs from the one as shipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.compose import shipped_space
from automl.formatting import counted, number, quantity
from automl.settings import flatten
from searchspaces import Space, SpaceError, parse_space

_SHOWN = 6  # changes that are named before the rest is counted
_LONGEST = 4  # values that are named before the rest is counted


def lines(space: Space, given: Mapping[str, Any]) -> list[str]:
    """Return the size of a space, and how it was changed; one line where it was not.

    Args:
        space: What is searched.
        given: Its section of the composed configuration.
    """
    name = str(given["name"])
    found = [f"  space {name}: {_size(space)}"]
    shipped = shipped_space(name)
    changes = [*_kept(given, shipped or {}), *_changed(given, shipped)]
    if not changes:
        return found
    shown = "; ".join(changes[:_SHOWN])
    if len(changes) > _SHOWN:
        shown += f"; and {len(changes) - _SHOWN} more"
    before = _before(shipped)
    size = "" if before is None or _size(before) == _size(space) else f" from {_size(before)}"
    return [*found, f"    changed{size}: {shown}"]


def _size(space: Space) -> str:
    count = counted(len(space.parameters), "parameters")
    if space.cardinality is not None:
        return f"{counted(space.cardinality, 'configurations')} of {count}"
    continuous = sum(parameter.size is None for parameter in space.parameters)
    return f"{count}, {quantity(continuous)} of them continuous"


def _before(shipped: Mapping[str, Any] | None) -> Space | None:
    if shipped is None:
        return None
    try:
        return parse_space(shipped)
    except SpaceError:
        return None


def _kept(given: Mapping[str, Any], shipped: Mapping[str, Any]) -> Iterator[str]:
    usual = shipped.get("only") or {}
    for name, values in (given.get("only") or {}).items():
        if values is not None and values != usual.get(name):
            yield f"{name}={_values(values)} alone"


def _changed(given: Mapping[str, Any], shipped: Mapping[str, Any] | None) -> Iterator[str]:
    if shipped is None:
        return
    ours, theirs = given["parameters"], shipped["parameters"]
    for name, declared in ours.items():
        if name not in theirs:
            yield f"{name} is new"
            continue
        new, old = flatten(declared), flatten(theirs[name])
        for key in new | old:
            if new.get(key) != old.get(key):
                yield f"{name}.{key}={_values(new.get(key))} (was {_values(old.get(key))})"
    for name in theirs:
        if name not in ours:
            yield f"{name} is left out"


def _values(values: Any) -> str:
    if isinstance(values, list) and len(values) > _LONGEST:
        return f"{len(values)} values"
    return number(values)
