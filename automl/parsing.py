"""Plain containers into frozen dataclasses, with every key and type checked."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from automl.errors import UserError, near_miss, nearest

T = TypeVar("T")


def parse(cls: type[T], values: object, where: str) -> T:
    """Build the dataclass ``cls`` from a mapping; nested dataclasses are built too.

    Args:
        cls: A dataclass whose fields are typed with dataclasses, plain types, ``X | None``,
            ``Literal`` or ``Mapping``.
        values: What the configuration has at ``where``.
        where: Dotted key of ``values``, for messages; empty for the whole configuration.

    Raises:
        UserError: A key is missing or unknown, or a value has the wrong type.
    """
    if not isinstance(values, Mapping):
        raise UserError(f"{where}: expected a section with keys, got {values!r}")
    prefix = f"{where}." if where else ""
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in values:
        if key not in fields:
            raise UserError(f"{prefix}{key}: unknown key{near_miss(str(key), fields)}")
    built: dict[str, Any] = {}
    for name, field in fields.items():
        key = prefix + name
        if name in values:
            built[name] = _value(hints[name], values[name], key)
        elif field.default is dataclasses.MISSING:
            raise UserError(f"{key}: missing")
    return cls(**built)


def _value(hint: Any, value: Any, key: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        options = typing.get_args(hint)
        if value is None and type(None) in options:
            return None
        (hint,) = (option for option in options if option is not type(None))
        return _value(hint, value, key)
    if origin is typing.Literal:
        choices = typing.get_args(hint)
        if value not in choices:
            raise UserError(_no_choice(key, value, [str(choice) for choice in choices]))
        return value
    if dataclasses.is_dataclass(hint):
        return parse(hint, value, key)  # type: ignore[arg-type]
    if hint is Any:
        return value
    kind = origin or hint
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return _finite(value, key)
    wrong_bool = isinstance(value, bool) and kind is not bool
    if wrong_bool or not isinstance(value, kind):
        quotes = (
            f"; put it in quotes: {key}=\"'{value}'\""
            if kind is str and not isinstance(value, dict | list)
            else ""
        )
        if value is None:
            quotes = f"; give it one, as {key}=…"
        expected = _NAMES.get(kind, str(kind))
        raise UserError(f"{key}: expected {expected}, got {value!r}{quotes}")
    return dict(value) if kind in _MAPPINGS else value


def _no_choice(key: str, value: Any, choices: Sequence[str]) -> str:
    near = nearest(str(value), choices)
    hint = f"; did you mean '{near}'?" if near else ""
    return f"{key}: {value!r} is none of {', '.join(choices)}{hint}"


def _finite(value: float, key: str) -> float:
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond what a float holds
        number = math.inf
    if not math.isfinite(number):
        raise UserError(f"{key}: {value!r} is no finite number; give one")
    return number


def refuse_odd_values(value: object, key: str = "") -> None:
    """Refuse what a ledger, which is JSON, cannot hold: NaN, infinities, objects.

    Args:
        value: Of a composed configuration, or all of it.
        key: Its dotted key.

    Raises:
        UserError: It names the key.
    """
    if isinstance(value, Mapping):
        for name, inner in value.items():
            refuse_odd_values(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        for inner in value:
            refuse_odd_values(inner, key)
    elif isinstance(value, float):
        _finite(value, key)
    elif value is not None and not isinstance(value, bool | int | str):
        kind = type(value).__name__
        raise UserError(
            f"{key}: a value of type {kind} cannot be kept; "
            "write a number, text, true, false or null"
        )


_MAPPINGS = (dict, typing.get_origin(Mapping[str, Any]))
_NAMES = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    dict: "a section with keys",
    typing.get_origin(Mapping[str, Any]): "a section with keys",
}
