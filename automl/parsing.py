"""Plain containers into frozen dataclasses, with every key and type checked."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from automl.errors import UserError, near_miss

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
            raise UserError(f"{key}: {value!r} is none of {', '.join(map(str, choices))}")
        return value
    if dataclasses.is_dataclass(hint):
        return parse(hint, value, key)  # type: ignore[arg-type]
    if hint is Any:
        return value
    kind = origin or hint
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wrong_bool = isinstance(value, bool) and kind is not bool
    if wrong_bool or not isinstance(value, kind):
        raise UserError(f"{key}: expected {_NAMES.get(kind, str(kind))}, got {value!r}")
    return dict(value) if kind in _MAPPINGS else value


_MAPPINGS = (dict, typing.get_origin(Mapping[str, Any]))
_NAMES = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    dict: "a section with keys",
    typing.get_origin(Mapping[str, Any]): "a section with keys",
}
