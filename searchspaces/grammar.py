"""Parse the YAML grammar of a space, and refuse what could not mean what it says.

A space file is a mapping ``name`` and ``parameters``, optionally ``source`` (where the parameters
are from), ``only`` and, if configurations were published for the space, ``published``: their
values by source. Each parameter is::

    glcm_angles: {type: subset, of: [0, 45, 90, 135], default: [0], when: {extractor: glcm}}

Types are ``categorical`` and ``ordinal`` (``choices``), ``subset`` (``of``), ``float`` and
``integer`` (``lower``, ``upper``, optional ``log``). A categorical whose choices are quantities
may say so with ``numeric: true``, for `searchspaces.fit`; it changes no prior and no model. Every
parameter has a ``default``. ``when`` maps a parent to the value, or the list of values, that makes
the parameter active; several parents must all agree.

``only`` restricts the space: it maps parameters to the value, or the list of values, that is kept
of them, and null keeps all. See `searchspaces.restriction`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from searchspaces.errors import SpaceError, hint
from searchspaces.parameters import (
    MAX_SUBSET_ITEMS,
    RESOLUTION,
    Categorical,
    Condition,
    FiniteParameter,
    Float,
    Integer,
    Ordinal,
    Parameter,
    Subset,
)
from searchspaces.published import parse_published
from searchspaces.restriction import restrict
from searchspaces.space import Space
from searchspaces.values import Value, freeze, label

_SPACE_KEYS = ("name", "source", "parameters", "only", "published")
_OPTIONAL_SPACE_KEYS = frozenset({"source", "only", "published"})
_KEYS = {
    "categorical": ("choices", "numeric"),
    "ordinal": ("choices",),
    "subset": ("of",),
    "float": ("lower", "upper", "log"),
    "integer": ("lower", "upper", "log"),
}
_COMMON_KEYS = ("type", "default", "when")
_OPTIONAL_KEYS = frozenset({"log", "numeric", "when"})
# Four digits above what ConfigSpace rounds away.
_FINEST = 1e4 * RESOLUTION
_LARGEST = 2**53  # Up to here every whole number is a float, as which encodings hold them.
# Names become MLflow parameter names, columns and hyperopt labels; Ray reads "/" as nesting.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_space(mapping: Mapping[str, Any], where: str = "space") -> Space:
    """Parse and check a space.

    Args:
        mapping: The file's content as plain containers.
        where: What messages call it, best the file's name.

    Returns:
        The space, its parameters ordered parents first.

    Raises:
        SpaceError: Anything that is wrong with it, as one line naming `where` and the key.
    """
    _require_mapping(mapping, where, f"a space with the keys {', '.join(_SPACE_KEYS)}")
    _check_keys(mapping, _SPACE_KEYS, _OPTIONAL_SPACE_KEYS, where)
    for key in ("name", "source"):
        if key == "source" and mapping.get(key) is None:
            continue
        if not (isinstance(mapping[key], str) and mapping[key].strip()):
            raise SpaceError(f"{where}: {key}: is {mapping[key]!r}; give it a text")
    declared = mapping["parameters"]
    _require_mapping(declared, f"{where}: parameters", "parameter names and their declarations")
    if not declared:
        raise SpaceError(f"{where}: parameters: is empty; declare at least one")
    parameters = {
        name: _parse_parameter(name, declaration, f"{where}: parameters.{name}")
        for name, declaration in declared.items()
    }
    conditioned = {
        name: replace(
            parameter,
            conditions=_parse_conditions(
                declared[name].get("when"), parameters, f"{where}: parameters.{name}.when"
            ),
        )
        for name, parameter in parameters.items()
    }
    space = Space(
        mapping["name"],
        mapping.get("source") or "",
        _parents_first(conditioned, where),
        parse_published(mapping.get("published"), f"{where}: published"),
    )
    for name in space.names:
        if never := [parent for parent, values in space.requirements(name).items() if not values]:
            raise SpaceError(
                f"{where}: parameters.{name}.when: can never hold, its conditions exclude each "
                f"other on {never[0]!r}; relax one of them"
            )
    return restrict(space, mapping.get("only"), f"{where}: only")


def _parse_parameter(name: object, declaration: Any, where: str) -> Parameter:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SpaceError(
            f"{where}: not a usable name; use letters, digits and underscores, no leading digit"
        )
    _require_mapping(declaration, where, "a declaration such as {type: float, lower: 0, …}")
    if "type" not in declaration:
        raise SpaceError(f"{where}: 'type' is missing; one of {', '.join(_KEYS)}")
    kind = declaration["type"]
    if not isinstance(kind, str) or kind not in _KEYS:
        raise SpaceError(f"{where}.type: {kind!r} is not a type; {hint(kind, _KEYS)}")
    _check_keys(declaration, _COMMON_KEYS + _KEYS[kind], _OPTIONAL_KEYS, where)
    if kind in ("float", "integer"):
        return _parse_number(name, kind, declaration, where)
    return _parse_finite(name, kind, declaration, where)


def _parse_finite(
    name: str, kind: str, declaration: Mapping[str, Any], where: str
) -> FiniteParameter:
    key = _KEYS[kind][0]
    choices = _parse_choices(declaration[key], f"{where}.{key}")
    if kind == "subset":
        if len(choices) > MAX_SUBSET_ITEMS:
            raise SpaceError(
                f"{where}.{key}: {len(choices)} items make {2 ** len(choices) - 1} combinations; "
                f"give at most {MAX_SUBSET_ITEMS}"
            )
        for item in choices:
            if isinstance(item, tuple):
                raise SpaceError(f"{where}.{key}: {label(item)} is a list; give single values")
    parameter: FiniteParameter
    if kind == "categorical":
        numeric = _parse_numeric(declaration.get("numeric", False), choices, f"{where}.numeric")
        parameter = Categorical(name, choices[0], (), choices, numeric)
    else:
        parameter = (Ordinal if kind == "ordinal" else Subset)(name, choices[0], (), choices)
    try:
        return replace(parameter, default=parameter.canonical(declaration["default"]))
    except ValueError as problem:
        raise SpaceError(f"{where}.default: {problem}") from None


def _parse_numeric(numeric: Any, choices: tuple[Value, ...], where: str) -> bool:
    if not isinstance(numeric, bool):
        raise SpaceError(f"{where}: is {numeric!r}; give true or false")
    for choice in choices if numeric else ():
        if isinstance(choice, bool) or not isinstance(choice, int | float):
            raise SpaceError(f"{where}: {label(choice)} is not a number; leave 'numeric' out")
    return numeric


def _parse_choices(given: Any, where: str) -> tuple[Value, ...]:
    if not _is_list(given):
        raise SpaceError(f"{where}: is {given!r}; give a list of values")
    if not given:
        raise SpaceError(f"{where}: is empty; give at least one value")
    try:
        choices = tuple(freeze(item) for item in given)
        _require_distinct(choices, where)
    except TypeError as problem:
        raise SpaceError(f"{where}: {problem}; give single values or lists") from None
    return choices


def _parse_number(
    name: str, kind: str, declaration: Mapping[str, Any], where: str
) -> Float | Integer:
    whole = kind == "integer"
    for key in ("lower", "upper", "default"):
        _require_number(declaration[key], whole, f"{where}.{key}")
    lower, upper, log = declaration["lower"], declaration["upper"], declaration.get("log", False)
    if not isinstance(log, bool):
        raise SpaceError(f"{where}.log: is {log!r}; give true or false")
    if lower >= upper:
        raise SpaceError(
            f"{where}.lower: {lower} is not below upper ({upper}); swap or widen the bounds"
        )
    if log and lower <= 0:
        raise SpaceError(
            f"{where}.lower: {lower} has no logarithm; give a positive bound or log: false"
        )
    if (lower if log else upper - lower) < _FINEST:
        raise SpaceError(
            f"{where}.lower: the range starts or spans below {_FINEST}, where ConfigSpace's 13 "
            "decimals blur it; use another unit or search the exponent"
        )
    parameter = (
        Integer(name, int(lower), (), int(lower), int(upper), log)
        if whole
        else Float(name, float(lower), (), float(lower), float(upper), log)
    )
    try:
        return replace(parameter, default=parameter.canonical(declaration["default"]))
    except ValueError as problem:
        raise SpaceError(f"{where}.default: {problem}") from None


def _parse_conditions(
    when: Any, parameters: Mapping[str, Parameter], where: str
) -> tuple[Condition, ...]:
    if when is None:
        return ()
    _require_mapping(when, where, "parents and the values they must take")
    return tuple(
        _parse_condition(name, values, parameters, f"{where}.{name}")
        for name, values in when.items()
    )


def _parse_condition(
    name: str, values: Any, parameters: Mapping[str, Parameter], where: str
) -> Condition:
    if name not in parameters:
        raise SpaceError(f"{where}: no such parameter; {hint(name, parameters)}")
    parent = parameters[name]
    if not isinstance(parent, FiniteParameter):
        raise SpaceError(
            f"{where}: a {type(parent).__name__.lower()} cannot be a parent; "
            "make it an ordinal or a categorical"
        )
    alternatives = values if _is_list(values) else [values]
    if not alternatives:
        raise SpaceError(f"{where}: is empty; give the value or values to wait for")
    try:
        condition = Condition(name, tuple(parent.canonical(value) for value in alternatives))
    except ValueError as problem:
        raise SpaceError(f"{where}: {problem}") from None
    _require_distinct(condition.values, where)
    return condition


def _parents_first(parameters: Mapping[str, Parameter], where: str) -> tuple[Parameter, ...]:
    """Order parameters so that parents come before children, else as declared."""
    waiting, ordered = dict(parameters), {}
    while waiting:
        ready = next(
            (p for p in waiting.values() if all(c.parent in ordered for c in p.conditions)), None
        )
        if ready is None:
            cycle = ", ".join(_a_cycle(waiting))
            raise SpaceError(
                f"{where}: parameters: the conditions of {cycle} run in a circle; "
                "drop one of their 'when'"
            )
        ordered[ready.name] = waiting.pop(ready.name)
    return tuple(ordered.values())


def _a_cycle(waiting: Mapping[str, Parameter]) -> list[str]:
    """Follow unmet parents from any waiting parameter until one comes round again."""
    path: list[str] = []
    name = next(iter(waiting))
    while name not in path:
        path.append(name)
        name = next(c.parent for c in waiting[name].conditions if c.parent in waiting)
    return path[path.index(name) :]


def _check_keys(
    mapping: Mapping[str, Any], known: Sequence[str], optional: frozenset[str], where: str
) -> None:
    for key in mapping:
        if key not in known:
            raise SpaceError(f"{where}: unknown key {key!r}; {hint(key, known)}")
    for key in known:
        if key not in mapping and key not in optional:
            raise SpaceError(f"{where}: {key!r} is missing; add it")


def _require_mapping(value: object, where: str, expected: str) -> None:
    if not isinstance(value, Mapping):
        raise SpaceError(f"{where}: is {value!r}, not a mapping; give {expected}")


def _require_distinct(values: Sequence[Value], where: str) -> None:
    seen: set[str] = set()
    for value in values:
        try:
            name = label(value)
        except SpaceError as problem:
            raise SpaceError(f"{where}: {problem}") from None
        if name in seen:
            raise SpaceError(f"{where}: {name} occurs more than once; list every value once")
        seen.add(name)


def _require_number(value: object, whole: bool, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        # YAML 1.1 reads 1e-4 as text: its floats need a dot.
        advice = "write it like 1.0e-4" if isinstance(value, str) else "give a number"
        raise SpaceError(f"{where}: {value!r} is not a number; {advice}")
    if not math.isfinite(value):
        raise SpaceError(f"{where}: is {value!r}; give a finite number")
    if whole and abs(value) > _LARGEST:
        raise SpaceError(f"{where}: {value!r} is beyond {_LARGEST}; use type: float")
    if whole and value != int(value):
        raise SpaceError(f"{where}: {value!r} is not a whole number; round it or use type: float")


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
