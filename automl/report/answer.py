"""The first screen: what was found, how sure it is, what it cost, and whether it is comparable."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.formatting import (
    configuration_words,
    counted,
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
)
from automl.report.evaluation import errors_of
from automl.report.facts import facts, smoke_test
from automl.report.uses import Use, uses


@dataclass(frozen=True)
class Card:
    """One test accuracy, large; ``errors`` are hits missed and false alarms, (label, value)."""

    title: str
    value: str
    interval: str
    detail: str
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answer:
    """The opening of the report.

    Attributes:
        name: of the search.
        setting: what was searched, one line.
        headline: the answer, one sentence.
        words: the best configuration as a phrase, empty when there is none.
        warnings: what is known to impair the configuration.
        cards: test accuracies by domain.
        facts: (label, value) pairs: the images, the cost and the speed.
        uses: what to do with it.
        smoke: that the search was no more than a test, and what would be more.
        surrogate: the images are simulated.
        note: the data set's own words about itself.
    """

    name: str
    setting: str
    headline: str
    words: str
    warnings: tuple[str, ...]
    cards: tuple[Card, ...]
    facts: tuple[tuple[str, str], ...]
    uses: tuple[Use, ...]
    smoke: Use | None
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
        warnings=tuple(text(one, "text") for one in rows(results, "notes") if one.get("chosen")),
        cards=tuple(_card(domain) for domain in evaluated),
        facts=facts(results),
        uses=uses(results),
        smoke=smoke_test(results),
        surrogate=bool(data.get("surrogate")),
        note=text(data, "note"),
    )


def _headline(results: Mapping[str, Any]) -> tuple[str, str]:
    words = configuration_words(mapping(spoken_for(results), "configuration"))
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
        ("algorithm ", text(results, "algorithm")),
        ("trainable ", text(results, "trainable")),
        ("space ", text(results, "space")),
        ("scale ", text(results, "scale")),
        ("selected on ", text(results, "select").replace("_", " ")),
        ("", "two classes" if text(results, "labels") == "binary" else ""),
        ("objective ", _objective(mapping(results, "objective"))),
        ("seed ", text(results, "seed")),
    ]
    return " · ".join(f"{label}{value}" for label, value in pieces if value)


def _objective(section: Mapping[str, Any]) -> str:
    """One with a latency, and its limit; the plain one has no section and goes without saying."""
    name, limit = text(section, "name"), real(section, "latency_limit_ms")
    if not name:
        return ""
    return f"{name}, no limit" if limit is None else f"{name}, limit {limit:g} ms"


def _card(domain: Mapping[str, Any]) -> Card:
    n = whole(domain, "n")
    interval = bounds(domain, "interval")
    shown = percent_interval(real(domain, "accuracy"), interval, n)
    return Card(
        title=text(domain, "domain", "test").replace("_", " "),
        value=percent(real(domain, "accuracy"), n),
        interval=f"95 % interval {shown.partition('(')[2].rstrip(')')} %" if interval else "",
        detail=f"{quantity(whole(domain, 'correct'))} of {counted(n, 'images')}",
        errors=errors_of(domain),
    )
