"""One spelling per configuration, and the short name derived from it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from searchspaces.errors import SpaceError

_ID_LENGTH = 12
_EXACT_INTEGERS = 2.0**53


def canonical_json(value: object) -> str:
    """Write plain values as JSON with sorted keys and no spaces.

    As in RFC 8785, numbers that are equal are written alike (``1`` and ``1.0`` are both ``1``),
    so that a configuration typed by hand has the identity of the one that was sampled. Other
    floats are written by `repr`, which reads back to the same bits.

    Raises:
        SpaceError: `value` holds something JSON has no word for: NaN, an infinity, a NumPy
            scalar, a key that is no string.
    """
    return json.dumps(_normalised(value), sort_keys=True, separators=(",", ":"))


def configuration_id(configuration: Mapping[str, Any]) -> str:
    """Name a configuration by the first 12 hex digits of its canonical JSON's SHA-256.

    Args:
        configuration: Parameter names to plain values; the order of keys does not matter.

    Raises:
        SpaceError: A value is not plain data.
    """
    return hashlib.sha256(canonical_json(configuration).encode()).hexdigest()[:_ID_LENGTH]


def _normalised(value: object) -> Any:
    # bool before int: True is an int to Python but another value to us. The float and int
    # calls strip subclasses, whose JSON spelling is not ours to trust.
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise SpaceError(f"value {value!r}: not finite, cannot be part of a configuration")
        whole = value.is_integer() and abs(value) < _EXACT_INTEGERS
        return int(value) if whole else float(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise SpaceError(f"key {key!r}: the names of a configuration are strings")
        return {key: _normalised(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_normalised(item) for item in value]
    raise SpaceError(
        f"value {value!r}: {type(value).__name__} is not plain data; "
        "use null, booleans, numbers, strings and lists"
    )
