"""Which configurations a figure shows where there are more than anybody could tell apart."""

from collections.abc import Mapping, Sequence
from typing import Any

from automl.formatting import quantity

DRAWN = 1000
"""Configurations in one figure: each is a mark of some hundred bytes, in every panel."""
_BEST_SHARE = 0.25


def thinned(
    configurations: Sequence[Mapping[str, Any]], most: int = DRAWN
) -> list[Mapping[str, Any]]:
    """Return at most ``most`` configurations in their order: the best, and evenly of the rest.

    Each gets its place in the whole order as ``index``.

    Args:
        configurations: With ``budget`` and ``validation_accuracy``, None where it failed.
        most: How many to keep.
    """
    indexed = [{**one, "index": index} for index, one in enumerate(configurations)]
    if len(indexed) <= most:
        return list(indexed)
    ranked = sorted(indexed, key=_rank, reverse=True)
    best = {one["index"] for one in ranked[: round(most * _BEST_SHARE)]}
    others = [one["index"] for one in indexed if one["index"] not in best]
    places = most - len(best)
    kept = best | {others[place * len(others) // places] for place in range(places)}
    return [one for one in indexed if one["index"] in kept]


def sentence(drawn: int, total: int) -> str:
    """Say what is not drawn; empty where everything is."""
    if drawn >= total:
        return ""
    best = round(drawn * _BEST_SHARE)
    return (
        f"{quantity(drawn)} of {quantity(total)} configurations are drawn: "
        f"the best {quantity(best)}, and evenly spaced ones of the others."
    )


def _rank(one: Mapping[str, Any]) -> tuple[float, float]:
    """A result at a larger budget outranks one at a smaller, any result a failure."""
    accuracy = one.get("validation_accuracy")
    return (-1.0, 0.0) if accuracy is None else (one.get("budget") or 0.0, accuracy)
