"""Data sets and trainables, found by name.

The orchestrator imports none of them. A package registers its own through the entry-point
groups ``automl.datasets`` and ``automl.trainables``, or is named as ``package.module:Class``.
"""

from __future__ import annotations

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
    try:
        return getattr(import_module(module), attribute)
    except ImportError as error:
        raise UserError(f"{key}: '{target}' cannot be imported: {one_line(error)}") from error
    except AttributeError as error:
        raise UserError(f"{key}: '{module}' has no '{attribute}'") from error
