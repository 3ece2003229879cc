"""The test splits, opened once: confusion matrices, precision, recall, and what was missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from automl.formatting import MISSING, counted, percent, percent_interval, quantity
from automl.report.access import bounds, mapping, real, rows, text, whole
from automl.statistics import precision_recall

MISSED, FALSE = "hits missed", "false alarms"
"""Images with diffraction called none, and images without it called diffraction."""


@dataclass(frozen=True)
class ConfusionRow:
    """One true class: counts by predicted class with the share of the row, and its recall."""

    name: str
    cells: tuple[tuple[str, int], ...]
    recall: str


@dataclass(frozen=True)
class DomainTable:
    """One domain's test result; no confusion rows where the matrix is not readable.

    ``screening`` are the (label, value) pairs of diffraction against none. ``whole`` says the
    accuracy over all images of the domain, where none of them was selected by.
    """

    domain: str
    accuracy: str
    counts: str
    classes: tuple[str, ...]
    confusion: tuple[ConfusionRow, ...]
    precision: tuple[str, ...]
    screening: tuple[tuple[str, str], ...]
    whole: str = ""


@dataclass(frozen=True)
class Evaluation:
    """All domains evaluated, in order; none when the test splits stayed closed."""

    domains: tuple[DomainTable, ...]


def evaluation(results: Mapping[str, Any]) -> Evaluation:
    """The final evaluation of a search, for the page."""
    evaluated = mapping(results, "evaluation")
    found, together = rows(evaluated, "domains"), rows(evaluated, "whole")
    return Evaluation(
        domains=tuple(
            replace(_table(one), whole=_whole(whole_of(together, text(one, "domain"))))
            for one in found
        )
    )


def whole_of(together: Sequence[Mapping[str, Any]], domain: str) -> Mapping[str, Any]:
    """The figures over all images of a domain, or an empty mapping."""
    return next((one for one in together if text(one, "domain") == domain), {})


def readable_confusion(
    domain: Mapping[str, Any],
) -> tuple[list[str], list[list[int]]] | None:
    """Class names and the matrix, or ``None`` where they are absent or do not fit together."""
    classes, confusion = domain.get("classes"), domain.get("confusion")
    if not isinstance(classes, Sequence) or not isinstance(confusion, Sequence):
        return None
    size = len(classes)
    square = len(confusion) == size and all(
        isinstance(row, Sequence)
        and len(row) == size
        and all(isinstance(count, int) and count >= 0 for count in row)
        for row in confusion
    )
    if not size or not square:
        return None
    return [str(name) for name in classes], [list(row) for row in confusion]


def errors_of(domain: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What a screening experiment would lose and keep in vain, each with its 95 % interval.

    Returns:
        (label, value) pairs, of hits missed and of false alarms; none where diffraction was not
        told from none.
    """
    binary = mapping(domain, "diffraction")
    hits, n = whole(binary, "hits"), whole(binary, "n")
    if hits is None or n is None:
        return ()
    return (
        (MISSED, _rate(whole(binary, "missed"), hits, bounds(binary, "missed_interval"))),
        (FALSE, _rate(whole(binary, "false"), n - hits, bounds(binary, "false_interval"))),
    )


def _rate(count: int | None, of: int, interval: tuple[float, float] | None) -> str:
    if count is None or not of:
        return MISSING
    shown = percent_interval(count / of, interval, of)
    return f"{quantity(count)} of {quantity(of)}, {shown}"


def _table(domain: Mapping[str, Any]) -> DomainTable:
    n = whole(domain, "n")
    readable = readable_confusion(domain)
    classes, confusion = readable if readable is not None else ([], [])
    shares = precision_recall(confusion) if readable is not None else None
    return DomainTable(
        domain=text(domain, "domain", MISSING),
        accuracy=percent_interval(real(domain, "accuracy"), bounds(domain, "interval"), n),
        counts=f"{quantity(whole(domain, 'correct'))} of {counted(n, 'images')}",
        classes=tuple(classes),
        confusion=tuple(
            ConfusionRow(
                name=name,
                cells=tuple(
                    (quantity(c), round(100 * c / total) if (total := sum(row)) else 0) for c in row
                ),
                recall=percent(recall, sum(row)),
            )
            for name, row, recall in zip(
                classes, confusion, shares.recall if shares else (), strict=True
            )
        ),
        precision=tuple(
            percent(precision, sum(row[column] for row in confusion))
            for column, precision in enumerate(shares.precision if shares else ())
        ),
        screening=_screening(domain),
    )


def _screening(domain: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    errors = errors_of(domain)
    if not errors:
        return ()
    binary = mapping(domain, "diffraction")
    n = whole(binary, "n")
    shown = percent_interval(real(binary, "accuracy"), bounds(binary, "interval"), n)
    right = f"{quantity(whole(binary, 'correct'))} of {quantity(n)}, {shown}"
    return (("diffraction or none, right", right), *errors)


def _whole(one: Mapping[str, Any]) -> str:
    n = whole(one, "n")
    if n is None:
        return ""
    shown = percent_interval(real(one, "accuracy"), bounds(one, "interval"), n)
    return f"{shown}; {quantity(whole(one, 'correct'))} of {counted(n, 'images')} right"
