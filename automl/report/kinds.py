"""The best configuration of each kind, as the paper's Tables 1 to 3 list them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.formatting import configuration, number, percent, quantity
from automl.report.access import mapping, real, rows

_KINDS = (("extractor", "classifier"), ("topology",))
"""Parameters that make a kind; the first of these that the configurations have."""


@dataclass(frozen=True)
class KindRow:
    """One kind: how often it was tried, and its best configuration."""

    kind: str
    tried: str
    failed: str
    budget: str
    accuracy: str
    text: str


@dataclass(frozen=True)
class Kinds:
    """The table; no rows where the space knows no kinds, or has one alone."""

    name: str
    rows: tuple[KindRow, ...]


def kinds(results: Mapping[str, Any]) -> Kinds:
    """The best configuration of each extractor and classifier, or of each topology.

    The best is the one with the largest budget, then the highest validation accuracy; so are the
    kinds ordered, those of which nothing finished last.
    """
    listed = rows(results, "configurations")
    for parameters in _KINDS:
        groups: defaultdict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
        for one in listed:
            values = mapping(one, "configuration")
            if all(name in values for name in parameters):
                groups[tuple(number(values[name]) for name in parameters)].append(one)
        if len(groups) > 1:
            ordered = sorted(groups.items(), key=lambda item: _rank(_best(item[1])), reverse=True)
            return Kinds(
                " and ".join(parameters),
                tuple(_row(kind, parameters, group) for kind, group in ordered),
            )
    return Kinds("", ())


def _row(
    kind: tuple[str, ...], parameters: tuple[str, ...], group: list[Mapping[str, Any]]
) -> KindRow:
    best = _best(group)
    accuracy = real(best, "validation_accuracy")
    values = mapping(best, "configuration")
    others = {name: value for name, value in values.items() if name not in parameters}
    return KindRow(
        kind=" + ".join(kind),
        tried=quantity(len(group)),
        failed=quantity(sum(real(one, "validation_accuracy") is None for one in group)),
        budget=quantity(real(best, "budget")),
        accuracy=percent(accuracy),
        text="" if accuracy is None else configuration(others),
    )


def _best(group: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    return max(group, key=_rank)


def _rank(one: Mapping[str, Any]) -> tuple[float, bool, float]:
    accuracy = real(one, "validation_accuracy")
    within = one.get("within_limit") is not False
    if accuracy is None:
        return -1.0, within, 0.0
    return real(one, "budget") or 0.0, within, accuracy
