"""The page's tables on the domain gap: ours, and the paper's beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.comparison import words
from automl.comparison.tables import Table
from automl.formatting import percent_interval

Json = Mapping[str, Any]


def ours(found: Json) -> Table | None:
    """Selected on the training domain against selected on the tested one, image by image."""
    gap = found["gap"]
    if gap is None:
        return None
    rows = tuple(
        (
            row["domain"].replace("_", " "),
            row["trainable"],
            f"{row['base']}: {_interval(row, 'base')}",
            f"{row['own']}: {_interval(row, 'own')}",
            words.reason(row["reason"])
            or words.points_interval(row["difference"], row["interval"]),
            words.p_value(row["p"]),
        )
        for row in gap["rows"]
    )
    head = (
        *("tested on", "trainable", "selected on the training domain", "selected on this domain"),
        *("this − training domain, points (95 %)", "p (McNemar)"),
    )
    return Table(head, rows, 2)


def published(found: Json) -> Table | None:
    """The paper's accuracies on the same domains."""
    gap = found["gap"]
    if gap is None or not gap["paper"]:
        return None
    rows = tuple(
        (
            row["domain"].replace("_", " "),
            row["method"],
            row["select"].replace("_", " "),
            words.printed(row),
            str(row["n"]),
            row["source"],
            "; ".join(filter(None, (words.OTHER_DATA if gap["other_data"] else "", row["note"]))),
        )
        for row in gap["paper"]
    )
    caption = f"The paper's{', of ' + words.OTHER_DATA if gap['other_data'] else ''}"
    head = ("tested on", "method", "selected on", "accuracy (95 %)", "images", "source", "")
    return Table(head, rows, 3, 5, caption)


def _interval(row: Json, which: str) -> str:
    return percent_interval(row[f"{which}_accuracy"], row[f"{which}_interval"], row["n"])
