"""Data sets and trainables, found by name.

The orchestrator imports none of them. A package registers its own through the entry-point
groups ``automl.datasets`` and ``automl.trainables``, or is named as ``package.module:Class``.
"""

from __future__ import annotations

import re
import traceback
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Literal

from automl.errors import UserError, near_miss, one_line

Group = Literal["datasets", "trainables"]


def find(group: Group, name: str) -> Any:
    """Return the class registered as ``name``, or the one at a dotted ``package.module:Class``.

    Raises:
        UserError: No such name, or its module cannot be imported.
    """
    known = {entry.name: entry.value for entry in entry_points(group=f"automl.{group}")}
    target = known.get(name, name)
    key = f"{group[:-1].replace('dataset', 'data')}.name"
    if ":" not in target:
        raise UserError(
            f"{key}: no {group[:-1]} is registered as '{name}'{near_miss(name, known)} "
            "(or name it as package.module:Class)"
        )
    module, _, attribute = target.partition(":")
    if not re.fullmatch(r"\w+(\.\w+)*:\w+", target):
        raise UserError(f"{key}: '{target}' names no class; write it as package.module:Class")
    try:
        imported = import_module(module)
    except Exception as error:  # whatever the module's own code raises
        kind = "" if isinstance(error, ImportError) else f"{type(error).__name__}: "
        raise UserError(
            f"{key}: '{target}' cannot be imported: {kind}{one_line(error)}{_where(error)}"
        ) from error
    if not hasattr(imported, attribute):
        names = [each for each in vars(imported) if isinstance(vars(imported)[each], type)]
        raise UserError(f"{key}: '{module}' has no '{attribute}'{near_miss(attribute, names)}")
    return getattr(imported, attribute)


def _where(error: Exception) -> str:
    """Return the line at which the import of a module broke off."""
    if isinstance(error, SyntaxError):
        return ""  # it names the line itself
    last = traceback.extract_tb(error.__traceback__)[-1]
    own = "importlib" not in last.filename
    return f" ({last.filename}, line {last.lineno})" if own else ""
