"""A space as a ConfigSpace, in ConfigSpace's own types and as HpBandSter's model wants them.

Categories are encoded as the canonical JSON of their values: ConfigSpace stores choices in NumPy
arrays, which would turn numbers, None and lists into something else; strings survive.

ConfigSpace rounds the floats that it gives back to 13 decimals. `to_values` and `from_configspace`
round nothing: a configuration that came from elsewhere keeps its value as long as it is not read
back out of a ``Configuration``.

A logarithmic integer has ConfigSpace's own prior here, which puts less weight on the smallest
value than `sample` and hyperopt do (for 1 … 8: 0.30 against 0.39); all other priors are equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from ConfigSpace import (
    AndConjunction,
    CategoricalHyperparameter,
    ConfigurationSpace,
    EqualsCondition,
    InCondition,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)

from searchspaces.errors import SpaceError
from searchspaces.parameters import (
    DECIMALS,
    RESOLUTION,
    FiniteParameter,
    Float,
    Integer,
    Ordinal,
    Parameter,
)
from searchspaces.space import Space
from searchspaces.values import Value, label

Encoding: TypeAlias = Literal["configspace", "hpbandster"]


def to_configspace(space: Space, seed: int | None = None) -> ConfigurationSpace:
    """Compile a space to ConfigSpace, with its defaults, conditions and ordinals.

    Args:
        space: The space.
        seed: Seeds ``sample_configuration``; None leaves it to the operating system.
    """
    return _compile(space, seed, "configspace")


def to_hpbandster(space: Space, seed: int | None = None) -> ConfigurationSpace:
    """Compile a space to what HpBandSter's BOHB model accepts.

    As `to_configspace`, but an ordinal is the integer position of its value: HpBandSter refuses
    ordinals, and a position keeps their order in the kernel density.
    """
    return _compile(space, seed, "hpbandster")


def to_values(
    space: Space, configuration: Mapping[str, Any], encoding: Encoding = "configspace"
) -> dict[str, Any]:
    """Encode a configuration for ``ConfigSpace.Configuration(space, values=…)``.

    Raises:
        SpaceError: The configuration is no point of the space.
    """
    return {
        name: _encode(space[name], value, encoding)
        for name, value in space.canonical(configuration).items()
    }


def from_configspace(space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
    """Decode a configuration of either encoding.

    Args:
        space: The space that was compiled.
        values: A ``ConfigSpace.Configuration`` or a mapping of its values; those of inactive
            parameters are left out of the result.

    Returns:
        Plain Python (no NumPy scalars, lists rather than tuples), active parameters only, in
        declaration order.

    Raises:
        SpaceError: A value is missing or is no code of its parameter.
    """

    def decoded(parameter: Parameter) -> Value:
        where = f"space {space.name}: {parameter.name}"
        if parameter.name not in values:
            raise SpaceError(f"{where}: missing from the encoded values")
        try:
            return _decode(parameter, values[parameter.name])
        except ValueError as problem:
            raise SpaceError(f"{where}: {problem}") from None

    return space.fill(decoded)


def _as_position(parameter: Parameter, encoding: Encoding) -> bool:
    # A lone value has no order, and ConfigSpace no integer range of one.
    return encoding == "hpbandster" and isinstance(parameter, Ordinal) and parameter.size > 1


def _encode(parameter: Parameter, value: object, encoding: Encoding) -> Any:
    if not isinstance(parameter, FiniteParameter):
        return value
    return parameter.index(value) if _as_position(parameter, encoding) else label(value)


def _decode(parameter: Parameter, code: Any) -> Value:
    if isinstance(parameter, Float | Integer):
        return parameter.clipped(float(code))
    assert isinstance(parameter, FiniteParameter)
    return parameter.from_label(str(code)) if isinstance(code, str) else parameter.at(float(code))


def _compile(space: Space, seed: int | None, encoding: Encoding) -> ConfigurationSpace:
    compiled = ConfigurationSpace(name=space.name, seed=seed)
    nodes = {p.name: _hyperparameter(p, encoding) for p in space.parameters}
    compiled.add(list(nodes.values()))
    for parameter in space.parameters:
        conditions = [
            _condition(
                nodes[parameter.name],
                nodes[condition.parent],
                [_encode(space[condition.parent], v, encoding) for v in condition.values],
            )
            for condition in parameter.conditions
        ]
        if conditions:
            compiled.add(conditions[0] if len(conditions) == 1 else AndConjunction(*conditions))
    return compiled


def _condition(child: Any, parent: Any, codes: list[Any]) -> Any:
    if len(codes) == 1:
        return EqualsCondition(child, parent, codes[0])
    return InCondition(child, parent, codes)


def _hyperparameter(parameter: Parameter, encoding: Encoding) -> Any:
    name, default = parameter.name, _encode(parameter, parameter.default, encoding)
    if isinstance(parameter, Float):
        bounds = _outward(parameter)
        return UniformFloatHyperparameter(name, *bounds, default_value=default, log=parameter.log)
    if isinstance(parameter, Integer):
        bounds = parameter.lower, parameter.upper
        return UniformIntegerHyperparameter(name, *bounds, default_value=default, log=parameter.log)
    assert isinstance(parameter, FiniteParameter)
    if _as_position(parameter, encoding):
        return UniformIntegerHyperparameter(name, 0, parameter.size - 1, default_value=default)
    if isinstance(parameter, Ordinal):
        return OrdinalHyperparameter(name, list(parameter.labels), default_value=default)
    return CategoricalHyperparameter(name, list(parameter.labels), default_value=default)


def _outward(parameter: Float) -> tuple[float, float]:
    """Widen the bounds to ConfigSpace's decimals.

    It would round them, possibly inwards, and then refuse the bounds themselves as values.
    Decoding clips to the true ones.
    """
    lower, upper = (float(np.round(x, DECIMALS)) for x in (parameter.lower, parameter.upper))
    if lower > parameter.lower:
        lower = float(np.round(parameter.lower - RESOLUTION, DECIMALS))
    if upper < parameter.upper:
        upper = float(np.round(parameter.upper + RESOLUTION, DECIMALS))
    return lower, upper
