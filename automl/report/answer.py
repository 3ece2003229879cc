"""The first screen: what was found, how sure it is, what it cost, and whether it is comparable."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.formatting import (
    MISSING,
    configuration_words,
    counted,
    duration,
    percent,
    percent_interval,
    quantity,
)
from automl.report.access import bounds, budget_unit, mapping, real, rows, text, whole
from automl.report.evaluation import missed_of


@dataclass(frozen=True)
class Card:
    """One test accuracy, large."""

    title: str
    value: str
    interval: str
    detail: str


@dataclass(frozen=True)
class Answer:
    """The opening of the report.

    Attributes:
        name: of the search.
        setting: what was searched, one line.
        headline: the answer, one sentence.
        words: the best configuration as a phrase, empty when there is none.
        cards: test accuracies by domain.
        cost: (label, value) pairs.
        surrogate: the images are simulated.
        note: the data set's own words about itself.
    """

    name: str
    setting: str
    headline: str
    words: str
    cards: tuple[Card, ...]
    cost: tuple[tuple[str, str], ...]
    surrogate: bool
    note: str


def answer(results: Mapping[str, Any]) -> Answer:
    """The opening of a search's report."""
    evaluated = rows(mapping(results, "evaluation"), "domains")
    headline, words = _headline(results)
    data = mapping(results, "data")
    return Answer(
        name=text(results, "name", text(results, "search", "search")),
        setting=_setting(results),
        headline=headline,
        words=words,
        cards=tuple(_card(domain) for domain in evaluated),
        cost=tuple(_cost(results)),
        surrogate=bool(data.get("surrogate")),
        note=text(data, "note"),
    )


def best_configuration(results: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configuration the report speaks for: the confirmed and chosen one, or the incumbent."""
    chosen = next((one for one in rows(results, "confirmation") if one.get("chosen")), {})
    return mapping(chosen, "configuration") or mapping(
        mapping(results, "incumbent"), "configuration"
    )


def _headline(results: Mapping[str, Any]) -> tuple[str, str]:
    words = configuration_words(best_configuration(results))
    evaluated = rows(mapping(results, "evaluation"), "domains")
    select = text(results, "select")
    if evaluated:
        domain = next((d for d in evaluated if text(d, "domain") == select), evaluated[0])
        n = whole(domain, "n")
        share = percent(real(domain, "accuracy"), n)
        where = text(domain, "domain").replace("_", " ")
        return f"The best model classifies {share} of the {where} test images correctly.", words
    confirmed = next((one for one in rows(results, "confirmation") if one.get("chosen")), None)
    if confirmed is not None:
        mean = percent_interval(real(confirmed, "mean"), bounds(confirmed, "interval"))
        headline = (
            f"The best configuration reaches {mean} on the validation images, mean over "
            f"{counted(len(rows(confirmed, 'seeds')), 'seeds')} with an 80 % interval. "
            "The test images stayed closed."
        )
        return headline, words
    incumbent = mapping(results, "incumbent")
    accuracy = real(incumbent, "validation_accuracy")
    if accuracy is None:
        return "No configuration finished: there is no model to report.", ""
    budget = counted(real(incumbent, "budget"), budget_unit(results))
    headline = (
        f"The best configuration reached {percent(accuracy)} on the validation images after "
        f"{budget}, in one run. It was not confirmed over seeds, and the test images stayed "
        "closed."
    )
    return headline, words


def _setting(results: Mapping[str, Any]) -> str:
    pieces = [
        ("", " on ".join(filter(None, (text(results, key) for key in ("algorithm", "trainable"))))),
        ("space ", text(results, "space")),
        ("scale ", text(results, "scale")),
        ("selected on ", text(results, "select").replace("_", " ")),
        ("", "two classes" if text(results, "labels") == "binary" else ""),
        ("seed ", text(results, "seed")),
    ]
    return " · ".join(f"{label}{value}" for label, value in pieces if value)


def _card(domain: Mapping[str, Any]) -> Card:
    n = whole(domain, "n")
    interval = bounds(domain, "interval")
    shown = percent_interval(real(domain, "accuracy"), interval, n)
    missed = missed_of(domain)
    detail = f"{quantity(whole(domain, 'correct'))} of {counted(n, 'test images')}"
    if missed is not None:
        detail += f" · {counted(missed, 'diffraction images')} missed"
    return Card(
        title=text(domain, "domain", "test").replace("_", " "),
        value=percent(real(domain, "accuracy"), n),
        interval=f"95 % interval {shown.partition('(')[2].rstrip(')')} %" if interval else "",
        detail=detail,
    )


def _cost(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    trials, times = mapping(results, "trials"), mapping(results, "times")
    unit = budget_unit(results)
    cost = []
    finished = whole(trials, "finished")
    if finished is not None:
        failed = sum(
            whole(mapping(trials, "failed"), key) or 0 for key in mapping(trials, "failed")
        )
        cost.append(("trials", f"{quantity(finished)} finished, {quantity(failed)} failed"))
    spent, planned = real(trials, "budget_spent"), real(trials, "budget_planned")
    if spent is not None:
        of = f" of {quantity(planned)} planned" if planned is not None else ""
        cost.append((f"{unit} spent", quantity(spent) + of))
    total = real(times, "total_seconds")
    if total is not None:
        parts = [
            f"{name} {duration(seconds)}"
            for name in ("search", "confirmation", "evaluation")
            if (seconds := real(times, f"{name}_seconds")) is not None
        ]
        cost.append(
            ("time", f"{duration(total)} ({', '.join(parts)})" if parts else duration(total))
        )
    speeds = mapping(times, "images_per_second")
    if speeds:
        cost.append(
            (
                "images/s of the model",
                ", ".join(
                    f"{name.replace('_', ' ')} {quantity(real(speeds, name))}" for name in speeds
                ),
            )
        )
    return cost or [("cost", MISSING)]
