"""Where the numbers come from: data, versions, seeds, configuration."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.formatting import MISSING, quantity
from automl.report.access import mapping, real, rows, text

_OWN_PLACE = ("config", "versions")
_ORDERS = {
    "asked": "as asked: seed and workers give one search, however its trials are timed",
    "planned": "as planned: seed and workers give one search, however its trials are timed",
    "arrival": "as they arrived: the search repeats only where trials end in the same order",
}


@dataclass(frozen=True)
class CountsRow:
    """Images of one split of one domain, in all and by class."""

    domain: str
    split: str
    total: str
    classes: str


@dataclass(frozen=True)
class Provenance:
    """``facts`` and ``versions`` are (label, value) pairs; ``config`` is readable text."""

    facts: tuple[tuple[str, str], ...]
    counts: tuple[CountsRow, ...]
    versions: tuple[tuple[str, str], ...]
    config: str


def provenance(results: Mapping[str, Any]) -> Provenance:
    """What must be equal for two searches to be one."""
    recorded, data = mapping(results, "provenance"), mapping(results, "data")
    identity = mapping(mapping(results, "times"), "identity")
    facts = [
        ("search", text(identity, "search_id")),
        ("seed", text(results, "seed")),
        ("workers", text(results, "workers")),
        ("order of results", _ORDERS.get(text(results, "order"), text(results, "order"))),
        ("confirmation seeds", _confirmation_seeds(results)),
        ("data digest", text(data, "digest")),
        ("data", text(data, "kind") or text(data, "name")),
        *_flat({k: v for k, v in recorded.items() if k not in _OWN_PLACE}),
    ]
    config = results.get("config") or recorded.get("config")
    return Provenance(
        facts=tuple((label, value) for label, value in facts if value),
        counts=tuple(_counts(mapping(data, "counts"))),
        versions=tuple(_flat(mapping(recorded, "versions"))),
        config=json.dumps(config, indent=2, ensure_ascii=False, default=str) if config else "",
    )


def _confirmation_seeds(results: Mapping[str, Any]) -> str:
    runs = [run for one in rows(results, "confirmation") for run in rows(one, "seeds")]
    return ", ".join(dict.fromkeys(text(run, "seed") for run in runs if text(run, "seed")))


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in values.items():
        label = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{label} ")
        elif isinstance(value, list | tuple):
            pairs.append((label, ", ".join(str(item) for item in value)))
        elif value is not None:
            pairs.append((label, str(value)))
    return pairs


def _counts(counts: Mapping[str, Any]) -> list[CountsRow]:
    found = []
    for domain in counts:
        for split, classes in mapping(counts, domain).items():
            if isinstance(classes, Mapping):
                numbers = {name: real(classes, name) or 0 for name in classes}
                total = quantity(sum(numbers.values()))
                by_class = ", ".join(f"{name} {quantity(n)}" for name, n in numbers.items())
            else:
                total = quantity(real({"n": classes}, "n")) if classes is not None else MISSING
                by_class = ""
            found.append(CountsRow(domain.replace("_", " "), split, total, by_class))
    return found
