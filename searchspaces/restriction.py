"""A space restricted to some values of its parameters, as ``only`` in its file asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from searchspaces.errors import SpaceError, hint
from searchspaces.parameters import Categorical, FiniteParameter, Parameter, Subset
from searchspaces.space import Space


def restrict(space: Space, only: Any, where: str) -> Space:
    """Keep no other values of a parameter than the ones listed for it.

    The default is the declared one if it is kept, else the first value that is. Conditions name
    no values but those that are left, and a parameter that can no longer be active is left out.

    Args:
        space: The space as declared.
        only: The section as plain containers: the value, or the list of values, to keep by
            parameter; a null restricts nothing.
        where: What messages call it.

    Raises:
        SpaceError: A name is no parameter, or a value not one that it can take.
    """
    if only is None:
        return space
    if not isinstance(only, Mapping):
        raise SpaceError(f"{where}: is {only!r}, not a mapping; give parameters and their values")
    parameters = {parameter.name: parameter for parameter in space.parameters}
    for name, values in only.items():
        if name not in parameters:
            raise SpaceError(f"{where}.{name}: no such parameter; {hint(name, parameters)}")
        if values is not None:
            parameters[name] = _kept(parameters[name], values, f"{where}.{name}")
    narrowed = replace(
        space,
        parameters=tuple(_narrowed(parameter, parameters) for parameter in parameters.values()),
    )
    possible = (p for p in narrowed.parameters if all(narrowed.requirements(p.name).values()))
    return replace(narrowed, parameters=tuple(possible))


def _kept(parameter: Parameter, values: Any, where: str) -> FiniteParameter:
    is_list = isinstance(values, Sequence) and not isinstance(values, str | bytes)
    wanted = values if is_list else [values]
    if not wanted:
        raise SpaceError(f"{where}: is empty; give the value or values to keep, or null for all")
    if not isinstance(parameter, FiniteParameter):
        return _listed(parameter, wanted, where)
    try:
        positions = {parameter.index(value) for value in wanted}
    except (TypeError, ValueError) as problem:
        raise SpaceError(f"{where}: {problem}") from None
    if len(positions) == parameter.size:
        return parameter
    kept = tuple(parameter.at(position) for position in sorted(positions))
    default = parameter.default if parameter.index(parameter.default) in positions else kept[0]
    if isinstance(parameter, Subset):
        # Some combinations are not all those of some items.
        return Categorical(parameter.name, default, parameter.conditions, kept)
    return replace(parameter, default=default, choices=kept)


def _listed(parameter: Parameter, wanted: Sequence[Any], where: str) -> Categorical:
    """Numbers in the place of a range."""
    try:
        kept = tuple(dict.fromkeys(parameter.canonical(value) for value in wanted))
    except ValueError as problem:
        raise SpaceError(f"{where}: {problem}") from None
    default = parameter.default if parameter.default in kept else kept[0]
    return Categorical(parameter.name, default, parameter.conditions, kept, numeric=True)


def _narrowed(parameter: Parameter, parameters: Mapping[str, Parameter]) -> Parameter:
    """Take values that are gone out of the conditions; one without any can never hold."""
    conditions = (
        replace(
            condition,
            values=tuple(v for v in condition.values if parameters[condition.parent].takes(v)),
        )
        for condition in parameter.conditions
    )
    return replace(parameter, conditions=tuple(conditions))
