"""Our numbers beside the paper's, each with its interval and a word on the data behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl import paper
from automl.formatting import (
    MISSING,
    configuration_words,
    counted,
    duration,
    percent,
    percent_interval,
    quantity,
)
from automl.report.access import (
    bounds,
    budget_unit,
    mapping,
    real,
    rows,
    spoken_for,
    text,
    whole,
    words,
)
from automl.report.evaluation import whole_of
from automl.statistics import binary_summary, collapse


@dataclass(frozen=True)
class ComparisonRow:
    """One accuracy, ours or the paper's."""

    method: str
    ours: bool
    accuracy: str
    counts: str
    missed: str
    false: str
    source: str
    remark: str


@dataclass(frozen=True)
class DomainComparison:
    """One domain: our rows first, then the paper's with the same selection domain.

    Ours are of the test images, and of all images where none of them was selected by.
    """

    domain: str
    select: str
    rows: tuple[ComparisonRow, ...]


@dataclass(frozen=True)
class SearchComparison:
    """The search itself beside the paper's: (label, ours, the paper's)."""

    source: str
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Comparison:
    """All that can stand beside the paper; empty for a problem that is not the paper's."""

    other_data: bool
    domains: tuple[DomainComparison, ...]
    search: SearchComparison | None


def comparison(results: Mapping[str, Any]) -> Comparison:
    """The paper's numbers for the domains and the trainable of a search.

    A domain stands beside the paper's only where its name and its classes are the paper's.
    Numbers are marked as of other data unless the images can be the published ones.
    """
    other = not paper.may_be_the_papers(mapping(results, "data"))
    evaluated = rows(mapping(results, "evaluation"), "domains")
    known = [
        domain
        for domain in evaluated
        if words(domain, "classes") == list(paper.CLASSES.get(text(domain, "domain"), ()))
    ]
    return Comparison(
        other_data=other,
        domains=tuple(_domain(results, domain, other) for domain in known),
        # In two classes nothing of the search is what the paper's was.
        search=_search(results)
        if text(results, "labels", "full") == "full" and (known or not evaluated)
        else None,
    )


def _domain(results: Mapping[str, Any], domain: Mapping[str, Any], other: bool) -> DomainComparison:
    name, select = text(domain, "domain"), text(results, "select", "synthetic")
    ours = [_ours(results, domain, _method(results))]
    together = whole_of(rows(mapping(results, "evaluation"), "whole"), name)
    if together:
        n = quantity(whole(together, "n"))
        ours.append(_ours(results, together, f"{_method(results)}, all {n} images"))
    published = [_published(row, other) for row in paper.accuracies(name, select)]
    return DomainComparison(
        domain=name.replace("_", " "), select=select.replace("_", " "), rows=(*ours, *published)
    )


def _ours(results: Mapping[str, Any], entry: Mapping[str, Any], method: str) -> ComparisonRow:
    n, binary = whole(entry, "n"), mapping(entry, "diffraction")
    hits, judged = whole(binary, "hits"), whole(binary, "n")
    others = None if hits is None or judged is None else judged - hits
    return ComparisonRow(
        method=method,
        ours=True,
        accuracy=percent_interval(real(entry, "accuracy"), bounds(entry, "interval"), n),
        counts=f"{quantity(whole(entry, 'correct'))} of {quantity(n)}",
        missed=_of(whole(binary, "missed"), hits),
        false=_of(whole(binary, "false"), others),
        source="this search",
        remark=_remark(mapping(results, "data")),
    )


def _remark(data: Mapping[str, Any]) -> str:
    if data.get("surrogate"):
        return "simulated surrogate"
    return "" if paper.may_be_the_papers(data) else "images of your own"


def _published(row: paper.PublishedAccuracy, other: bool) -> ComparisonRow:
    remarks = ["other data"] if other else []
    if row.note:
        remarks.append(row.note)
    missed, false = _errors(row)
    return ComparisonRow(
        method=row.method,
        ours=False,
        accuracy=_two_decimals(row),
        counts=f"{quantity(row.correct)} of {quantity(row.n)}"
        if row.correct is not None
        else f"of {quantity(row.n)}",
        missed=missed,
        false=false,
        source=row.source,
        remark="; ".join(remarks),
    )


def _two_decimals(row: paper.PublishedAccuracy) -> str:
    printed = f"{100 * row.accuracy:.2f} %"
    if row.interval is None:
        return printed
    low, high = row.interval
    digits = 2 if row.n >= 1000 else 1
    return f"{printed} ({100 * low:.{digits}f}–{100 * high:.{digits}f})"


def _errors(row: paper.PublishedAccuracy) -> tuple[str, str]:
    """Hits missed and false alarms, by the confusion matrix where the paper prints one."""
    matrix = next((c.confusion for c in paper.CONFUSIONS if c.method == row.method), None)
    if row.domain != "synthetic" or matrix is None:
        return MISSING, MISSING
    binary = binary_summary(collapse(matrix, paper.DIFFRACTION))
    others = binary.n - binary.positives
    return _of(binary.missed, binary.positives), _of(binary.false, others)


def _of(count: int | None, total: int | None) -> str:
    return MISSING if count is None else f"{quantity(count)} of {quantity(total)}"


def _method(results: Mapping[str, Any]) -> str:
    best = mapping(spoken_for(results), "configuration")
    parts = [str(best[key]).upper() for key in ("extractor", "classifier") if key in best]
    return " + ".join(parts) or text(results, "trainable", "this model")


def _search(results: Mapping[str, Any]) -> SearchComparison | None:
    published = next((s for s in paper.SEARCHES if s.trainable == text(results, "trainable")), None)
    if published is None:
        return None
    trials, times = mapping(results, "trials"), mapping(results, "times")
    incumbent = mapping(results, "incumbent")
    spent = real(trials, "budget_spent")
    tool = text(results, "algorithm", MISSING)
    if spent is not None:
        tool += f", {counted(whole(trials, 'finished'), 'trials')}"
        tool += f", {counted(spent, budget_unit(results))}"
    return SearchComparison(
        source=published.source,
        rows=(
            ("search", tool, published.method),
            ("time", duration(real(times, "search_seconds")), published.cost),
            (
                "best validation accuracy",
                percent(real(incumbent, "validation_accuracy")),
                f"{100 * published.validation_accuracy:.2f} %",
            ),
            (
                "best configuration",
                configuration_words(mapping(spoken_for(results), "configuration")) or MISSING,
                configuration_words(dict(published.configuration)),
            ),
        ),
    )
