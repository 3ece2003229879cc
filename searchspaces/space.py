"""A search space: parameters, the conditions between them, and what a configuration must obey."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from searchspaces.errors import SpaceError, hint
from searchspaces.parameters import FiniteParameter, Parameter
from searchspaces.published import Published
from searchspaces.values import Value, label, plain


@dataclass(frozen=True)
class Space:
    """What a search may vary. Made by `parse_space`, which holds the checks."""

    name: str
    source: str
    """Where the space is from, such as ``Table 8``; empty where its file does not say."""
    parameters: tuple[Parameter, ...]
    """Parents before children, otherwise as declared."""
    published: tuple[Published, ...] = ()
    """Configurations that the source found best, as printed there."""

    @cached_property
    def _by_name(self) -> dict[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all parameters, active or not."""
        return tuple(self._by_name)

    def __getitem__(self, name: str) -> Parameter:
        return self._by_name[name]

    def parent(self, name: str) -> FiniteParameter:
        """Return a parameter that conditions refer to; the grammar allows only finite ones."""
        parameter = self[name]
        if not isinstance(parameter, FiniteParameter):
            raise SpaceError(f"space {self.name}: {name}: no condition can depend on it")
        return parameter

    @cached_property
    def parents(self) -> frozenset[str]:
        """The names of the parameters that conditions refer to."""
        return frozenset(c.parent for p in self.parameters for c in p.conditions)

    @cached_property
    def _rules(self) -> dict[str, dict[str, frozenset[int]]]:
        """For each parameter, its parents and the positions of their values that it needs."""
        return {
            parameter.name: {
                c.parent: frozenset(self.parent(c.parent).index(value) for value in c.values)
                for c in parameter.conditions
            }
            for parameter in self.parameters
        }

    @cached_property
    def _requirements(self) -> dict[str, dict[str, frozenset[int]]]:
        required: dict[str, dict[str, frozenset[int]]] = {}
        for name, rules in self._rules.items():
            needed: dict[str, frozenset[int]] = {}
            for parent, allowed in rules.items():
                for ancestor, positions in (required[parent] | {parent: allowed}).items():
                    needed[ancestor] = needed.get(ancestor, positions) & positions
            required[name] = {other: needed[other] for other in self._rules if other in needed}
        return required

    def requirements(self, name: str) -> dict[str, frozenset[int]]:
        """Return everything that must hold for a parameter to be active, ancestors included.

        Returns:
            For each ancestor, itself after its own ancestors, the positions among its values
            that keep the parameter active. An empty set: it can never be active.
        """
        return dict(self._requirements[name])

    def default_configuration(self) -> dict[str, Any]:
        """Return the defaults of the parameters that are active in it, as plain Python."""
        return self.fill(lambda parameter: parameter.default)

    def active(self, configuration: Mapping[str, Any]) -> frozenset[str]:
        """Name the parameters that the parents' values in `configuration` make active.

        Raises:
            SpaceError: A parent has a value it cannot take.
        """
        positions: dict[str, int] = {}
        active: set[str] = set()
        for name, rules in self._rules.items():
            if not all(positions.get(parent) in allowed for parent, allowed in rules.items()):
                continue
            active.add(name)
            if name in self.parents and name in configuration:
                try:
                    positions[name] = self.parent(name).index(configuration[name])
                except ValueError as problem:
                    raise SpaceError(f"space {self.name}: {name}: {problem}") from None
        return frozenset(active)

    def fill(self, choose: Callable[[Parameter], Value]) -> dict[str, Any]:
        """Build a configuration by asking for a value of each parameter that becomes active.

        Args:
            choose: Returns a canonical value of the parameter it is given.

        Returns:
            Plain Python, active parameters only, in declaration order.
        """
        filled: dict[str, Any] = {}
        positions: dict[str, int] = {}
        for parameter in self.parameters:
            rules = self._rules[parameter.name]
            if all(positions.get(parent) in allowed for parent, allowed in rules.items()):
                value = choose(parameter)
                if parameter.name in self.parents:
                    positions[parameter.name] = self.parent(parameter.name).index(value)
                filled[parameter.name] = plain(value)
        return filled

    def canonical(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """Return a configuration as the space itself spells it.

        Keys in declaration order, numbers and subsets as declared: two spellings of one
        configuration get one `configuration_id`.

        Raises:
            SpaceError: As `validate`.
        """
        for name in configuration:
            if name not in self._by_name:
                raise SpaceError(
                    f"space {self.name}: {name}: no such parameter; {hint(name, self._by_name)}"
                )

        def spelled(parameter: Parameter) -> Value:
            name = parameter.name
            if name not in configuration:
                raise SpaceError(f"space {self.name}: {name}: missing; give it a value")
            try:
                return parameter.canonical(configuration[name])
            except ValueError as problem:
                raise SpaceError(f"space {self.name}: {name}: {problem}") from None

        filled = self.fill(spelled)
        for parameter in self.parameters:
            if parameter.name in configuration and parameter.name not in filled:
                raise SpaceError(
                    f"space {self.name}: {parameter.name}: given but inactive, it needs "
                    f"{_needs(parameter)}; leave it out"
                )
        return filled

    def validate(self, configuration: Mapping[str, Any]) -> None:
        """Check that a configuration is a point of the space.

        Raises:
            SpaceError: A parameter is unknown, missing, inactive or out of its domain; the
                message names the first such.
        """
        self.canonical(configuration)

    @cached_property
    def cardinality(self) -> int | None:
        """How many different configurations there are; None with a continuous parameter."""
        if any(parameter.size is None for parameter in self.parameters):
            return None
        return self.ways(0, {})

    @cached_property
    def _counted(self) -> dict[tuple[int, frozenset[tuple[str, int]]], int]:
        """What `ways` has found so far."""
        return {}

    def ways(self, start: int, positions: Mapping[str, int]) -> int:
        """Count the ways to fill the parameters from `start` on, all of them finite.

        Parents are told apart only while a later condition still asks for them.

        Args:
            start: Position of the first of these parameters.
            positions: Where the values of the active parents before it stand among theirs.
        """
        if start == len(self.parameters):
            return 1
        asked = {parent for p in self.parameters[start:] for parent in self._rules[p.name]}
        state = {name: position for name, position in positions.items() if name in asked}
        key = (start, frozenset(state.items()))
        if key in self._counted:
            return self._counted[key]
        parameter = self.parameters[start]
        size = parameter.size or 0
        rules = self._rules[parameter.name]
        if not all(state.get(parent) in allowed for parent, allowed in rules.items()):
            ways = self.ways(start + 1, state)
        elif parameter.name in self.parents:
            ways = sum(
                self.ways(start + 1, state | {parameter.name: position}) for position in range(size)
            )
        else:
            ways = size * self.ways(start + 1, state)
        self._counted[key] = ways
        return ways


def _needs(parameter: Parameter) -> str:
    return " and ".join(
        f"{c.parent} = {' or '.join(label(value) for value in c.values)}"
        for c in parameter.conditions
    )
