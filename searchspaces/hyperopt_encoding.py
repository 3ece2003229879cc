"""A space as a hyperopt expression, and hyperopt's points and trial values as configurations.

The expression is one flat dictionary. A finite parameter stands in it as the position of its
value, so that lists need not pass through hyperopt (which returns them as tuples). A conditional
parameter hangs below nested switches on the very nodes of its parents, which is how hyperopt
itself spells a tree of ``hp.choice``; while it is inactive its entry is None and hyperopt's
trials hold no value for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hyperopt import hp
from hyperopt.pyll import scope

from searchspaces.errors import SpaceError
from searchspaces.parameters import (
    INTEGER_MARGIN,
    FiniteParameter,
    Float,
    Integer,
    Ordinal,
    Parameter,
)
from searchspaces.space import Space
from searchspaces.values import Value


def to_hyperopt(space: Space) -> dict[str, Any]:
    """Compile a space to a hyperopt expression.

    Returns:
        For ``fmin(space=…)`` or ``Domain(expr=…)``. The points drawn from it go to
        `from_hyperopt`.
    """
    nodes = {p.name: _node(p) for p in space.parameters}
    return {
        name: _switched(space, list(space.requirements(name).items()), nodes, nodes[name])
        for name in space.names
    }


def from_hyperopt(space: Space, point: Mapping[str, Any]) -> dict[str, Any]:
    """Decode a point drawn from `to_hyperopt`'s expression.

    Returns:
        Plain Python, active parameters only, in declaration order.

    Raises:
        SpaceError: The point is not from this space.
    """

    def decoded(parameter: Parameter) -> Value:
        where = f"space {space.name}: {parameter.name}"
        code = point.get(parameter.name)
        if code is None:
            raise SpaceError(f"{where}: missing from hyperopt's point")
        try:
            return _decode(parameter, float(code))
        except ValueError as problem:
            raise SpaceError(f"{where}: {problem}") from None

    return space.fill(decoded)


def from_hyperopt_vals(space: Space, vals: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Decode the ``misc["vals"]`` of a hyperopt trial document, as `from_hyperopt`."""
    return from_hyperopt(space, {name: codes[0] for name, codes in vals.items() if len(codes)})


def to_hyperopt_vals(space: Space, configuration: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Encode a configuration as the ``misc["vals"]`` of a hyperopt trial document.

    Returns:
        For every label of the space a list of one number, or an empty one if inactive.

    Raises:
        SpaceError: The configuration is no point of the space.
    """
    spelled = space.canonical(configuration)
    return {
        p.name: [_encode(p, spelled[p.name])] if p.name in spelled else [] for p in space.parameters
    }


def _encode(parameter: Parameter, value: Any) -> int | float:
    if isinstance(parameter, Ordinal):
        return float(parameter.index(value))
    if isinstance(parameter, FiniteParameter):
        return parameter.index(value)
    return float(value)


def _decode(parameter: Parameter, code: float) -> Value:
    if isinstance(parameter, Float | Integer):
        return parameter.clipped(code)
    assert isinstance(parameter, FiniteParameter)
    return parameter.at(code)


def _node(parameter: Parameter) -> Any:
    name = parameter.name
    if isinstance(parameter, Float):
        if parameter.log:
            return hp.loguniform(name, math.log(parameter.lower), math.log(parameter.upper))
        return hp.uniform(name, parameter.lower, parameter.upper)
    if isinstance(parameter, Integer):
        lower, upper = parameter.real_bounds
        if parameter.log:
            return scope.int(hp.qloguniform(name, math.log(lower), math.log(upper), 1))
        return scope.int(hp.quniform(name, lower, upper, 1))
    assert isinstance(parameter, FiniteParameter)
    if isinstance(parameter, Ordinal):
        # hp.uniformint(0, n - 1) rounds a draw from [0, n - 1] and so halves both end values.
        return scope.int(hp.quniform(name, -INTEGER_MARGIN, parameter.size - 1 + INTEGER_MARGIN, 1))
    return scope.hyperopt_param(name, scope.randint(parameter.size))


def _switched(
    space: Space, needed: list[tuple[str, frozenset[int]]], nodes: Mapping[str, Any], node: Any
) -> Any:
    if not needed:
        return node
    (parent, allowed), *rest = needed
    inner = _switched(space, rest, nodes, node)
    options = [inner if i in allowed else None for i in range(space.parent(parent).size)]
    return scope.switch(nodes[parent], *options)
