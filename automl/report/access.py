"""Reading results.json without trusting that a piece is there.

A search may end without a confirmation, without a finished trial, without real images. Whatever
is absent or of another kind reads as empty, and the section that needed it says so in words.
"""

import math
from collections.abc import Mapping
from typing import Any


def mapping(parent: Any, key: str) -> Mapping[str, Any]:
    """The mapping at ``key``, or an empty one."""
    value = parent.get(key) if isinstance(parent, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def rows(parent: Any, key: str) -> list[Mapping[str, Any]]:
    """The mappings listed at ``key``, or none."""
    value = parent.get(key) if isinstance(parent, Mapping) else None
    if not isinstance(value, list | tuple):
        return []
    return [row for row in value if isinstance(row, Mapping)]


def real(parent: Any, key: str | int) -> float | None:
    """The finite number at ``key``, or ``None``."""
    value = parent.get(key) if isinstance(parent, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def whole(parent: Any, key: str) -> int | None:
    """The number at ``key`` as an integer, or ``None``."""
    value = real(parent, key)
    return None if value is None else int(value)


def bounds(parent: Any, key: str) -> tuple[float, float] | None:
    """The interval at ``key``, or ``None``."""
    value = parent.get(key) if isinstance(parent, Mapping) else None
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    pair = {"low": value[0], "high": value[1]}
    low, high = real(pair, "low"), real(pair, "high")
    return None if low is None or high is None else (low, high)


def text(parent: Any, key: str, default: str = "") -> str:
    """The value at ``key`` as text, or the default for nothing."""
    value = parent.get(key) if isinstance(parent, Mapping) else None
    return default if value is None else str(value)


def words(parent: Any, key: str) -> list[str]:
    """The values listed at ``key`` as text, or none."""
    value = parent.get(key) if isinstance(parent, Mapping) else None
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def spoken_for(results: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configuration the report speaks for: the confirmed and chosen one, or the incumbent."""
    chosen = next((one for one in rows(results, "confirmation") if one.get("chosen")), {})
    return chosen or mapping(results, "incumbent")


def budget_unit(results: Mapping[str, Any]) -> str:
    """What a budget is counted in, in the plural."""
    return text(results, "budget_unit", "epochs")
