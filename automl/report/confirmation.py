"""The best configurations, trained again over seeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.formatting import (
    MISSING,
    configuration_words,
    mean_over_seeds,
    percent,
    percent_interval,
)
from automl.plots.curves import letter
from automl.report.access import bounds, mapping, real, rows, text, whole


@dataclass(frozen=True)
class ConfirmedRow:
    """One configuration: its letter, mean over seeds and each seed's accuracy, for reading."""

    letter: str
    identifier: str
    words: str
    mean: str
    seeds: tuple[str, ...]
    chosen: bool


@dataclass(frozen=True)
class Confirmation:
    """The confirmation table; no rows when nothing was confirmed."""

    rows: tuple[ConfirmedRow, ...]
    several_seeds: bool


def confirmation(results: Mapping[str, Any]) -> Confirmation:
    """The confirmation of a search, for the page."""
    confirmed = rows(results, "confirmation")
    return Confirmation(
        rows=tuple(_row(index, one) for index, one in enumerate(confirmed)),
        several_seeds=any(len(rows(one, "seeds")) > 1 for one in confirmed),
    )


def chosen_seed(results: Mapping[str, Any]) -> Mapping[str, Any]:
    """The confirmed run whose model was evaluated: as recorded, or the best of the chosen one."""
    confirmed = rows(results, "confirmation")
    evaluated = mapping(results, "evaluation")
    one = next((c for c in confirmed if c.get("chosen")), {})
    seeds = rows(one, "seeds")
    index = whole(evaluated, "seed_index")
    recorded = [seed for seed in seeds if index is not None and whole(seed, "seed_index") == index]
    finished = [seed for seed in seeds if real(seed, "validation_accuracy") is not None]
    best = sorted(finished, key=lambda seed: -(real(seed, "validation_accuracy") or 0.0))
    return next(iter([*recorded, *best]), {})


def _row(index: int, one: Mapping[str, Any]) -> ConfirmedRow:
    return ConfirmedRow(
        letter=letter(index),
        identifier=text(one, "configuration_id", MISSING)[:8],
        words=configuration_words(mapping(one, "configuration")),
        mean=mean_over_seeds(real(one, "mean"), bounds(one, "interval")),
        seeds=tuple(_seed(seed) for seed in rows(one, "seeds")),
        chosen=bool(one.get("chosen")),
    )


def _seed(seed: Mapping[str, Any]) -> str:
    accuracy = real(seed, "validation_accuracy")
    if accuracy is None:
        return text(seed, "status", "failed")
    interval = bounds(seed, "interval")
    if interval is None:
        return percent(accuracy, whole(seed, "n"))
    return percent_interval(accuracy, interval, whole(seed, "n"))
