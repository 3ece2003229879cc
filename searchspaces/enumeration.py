"""The configurations of a finite space by number, from 0, without a list of them.

They are in the order of the declaration: the first parameter is the slowest, the last the fastest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from searchspaces.errors import SpaceError
from searchspaces.parameters import FiniteParameter, Integer, Parameter
from searchspaces.space import Space
from searchspaces.values import Value


def configuration_at(space: Space, number: int) -> dict[str, Any]:
    """Return the configuration that has a number.

    Returns:
        Plain Python, active parameters only, in declaration order.

    Raises:
        SpaceError: The space has a continuous parameter, or fewer configurations.
    """
    size = _size(space)
    if not 0 <= number < size:
        raise SpaceError(f"space {space.name}: no configuration {number}, it has {size}")
    left = number
    positions: dict[str, int] = {}

    def choose(parameter: Parameter) -> Value:
        nonlocal left
        name, after = parameter.name, space.names.index(parameter.name) + 1
        position = 0
        if name in space.parents:
            while left >= (ways := space.ways(after, positions | {name: position})):
                left -= ways
                position += 1
            positions[name] = position
        else:
            position, left = divmod(left, space.ways(after, positions))
        return _value(parameter, position)

    return space.fill(choose)


def number_of(space: Space, configuration: Mapping[str, Any]) -> int:
    """Return the number that a configuration has.

    Raises:
        SpaceError: The space has a continuous parameter, or the configuration is no point of it.
    """
    _size(space)
    point = space.canonical(configuration)
    number = 0
    positions: dict[str, int] = {}

    def choose(parameter: Parameter) -> Value:
        nonlocal number
        name, after = parameter.name, space.names.index(parameter.name) + 1
        position = _position(parameter, point[name])
        if name in space.parents:
            smaller = (positions | {name: other} for other in range(position))
            number += sum(space.ways(after, state) for state in smaller)
            positions[name] = position
        else:
            number += position * space.ways(after, positions)
        return parameter.canonical(point[name])

    space.fill(choose)
    return number


def _size(space: Space) -> int:
    if space.cardinality is None:
        name = next(parameter.name for parameter in space.parameters if parameter.size is None)
        raise SpaceError(f"space {space.name}: {name}: a continuum has no numbered values")
    return space.cardinality


def _value(parameter: Parameter, position: int) -> Value:
    if isinstance(parameter, Integer):
        return parameter.lower + position
    assert isinstance(parameter, FiniteParameter)
    return parameter.at(position)


def _position(parameter: Parameter, value: Any) -> int:
    if isinstance(parameter, Integer):
        return parameter.canonical(value) - parameter.lower
    assert isinstance(parameter, FiniteParameter)
    return parameter.index(value)
