"""Names and values as MLflow takes them, and as a person can read them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from automl.disclosure import public

MAX_KEY = 250
MAX_PARAM = 500
MAX_TAG = 5000
CHAMPION = "champion"
"""Alias of a registered model's best version."""
_PARTS_IN_NAME = 3


def key(name: object) -> str:
    """Return a name with nothing in it that MLflow refuses in a metric's or parameter's key."""
    return re.sub(r"[^\w.\-: /]", "_", str(name))[:MAX_KEY]


def param_value(value: object) -> str:
    """Write a configuration's value in at most 500 characters; lists and mappings as JSON."""
    text = public(value if isinstance(value, str) else json.dumps(value, default=str))
    return text if len(text) <= MAX_PARAM else f"{text[: MAX_PARAM - 1]}…"


def tag_value(value: object) -> str:
    """Write a tag within MLflow's limit."""
    text = public(str(value))
    return text if len(text) <= MAX_TAG else f"{text[: MAX_TAG - 1]}…"


def metric_value(value: object) -> float | None:
    """Return a number as MLflow should store it, None for what is none.

    Infinities become NaN: MLflow stores them as 1.8e308, which flattens every chart.
    """
    if isinstance(value, bool | int | float):
        return float(value) if math.isfinite(value) else math.nan
    return None


def registered_model(experiment: str, select: str, size: Sequence[int], labels: str) -> str:
    """Name the registered model that a search's chosen model becomes a version of.

    Args:
        experiment: Name of the experiment, which is that of the problem.
        select: The domain that the search selected on.
        size: (height, width) of the images that the model takes.
        labels: ``full``, or the view that the model's classes are.
    """
    parts = [experiment, select, f"{size[0]}x{size[1]}", *([] if labels == "full" else [labels])]
    return re.sub(r"[/:\s]+", "_", "-".join(parts))


def milliseconds(event: Mapping[str, Any]) -> int:
    """Return an event's time as MLflow counts it."""
    return round(float(event["time"]) * 1000)


def run_name(configuration: Mapping[str, Any], configuration_id: str, seed: str = "") -> str:
    """Name a configuration's run: ``3f2a · t10 lr=0.0048 b8`` or ``9c1d seed 0 · glcm+rf``.

    What tells runs apart comes first, as tables cut long names. The first words of a
    configuration tell what is run; where it has none, its first three numbers do, each under the
    shortest abbreviation that is its own.

    Args:
        configuration: Its values.
        configuration_id: Of which the first letters are taken.
        seed: Of a run that confirms the configuration.
    """
    words = [value for value in configuration.values() if isinstance(value, str)]
    if words:
        text = "+".join(words[:2])
    else:
        numbers = {
            name: value
            for name, value in configuration.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        }
        short = _abbreviations(numbers)
        chosen = list(numbers.items())[:_PARTS_IN_NAME]
        text = " ".join(_part(short[name], value) for name, value in chosen)
    identity = f"{configuration_id[:4]} seed {seed}" if seed else configuration_id[:4]
    return f"{identity} · {text}" if text else identity


def _part(name: str, value: float) -> str:
    return f"{name}{value}" if isinstance(value, int) else f"{name}={value:.2g}"


def _abbreviations(numbers: Mapping[str, float]) -> dict[str, str]:
    """Shorten each name to its first letter (whole numbers) or its words' initials.

    A name whose abbreviation is another's too stays as it is.
    """
    short = {}
    for name, value in numbers.items():
        initials = "".join(word[:1] for word in re.split(r"[\W_]+", name))
        short[name] = name[:1] if isinstance(value, int) else initials
    taken = list(short.values())
    return {name: text if taken.count(text) == 1 else name for name, text in short.items()}
