"""When a trial is given up before its budget is spent."""

from collections.abc import Mapping, Sequence
from typing import Any


class HopelessError(Exception):
    """Training has learned nothing for too long; the text has the figures."""


def check_progress(history: Sequence[Mapping[str, Any]], share: float, epochs: int | None) -> None:
    """Refuse to go on where training is no better than always answering one class.

    Args:
        history: the reports of the epochs so far.
        share: of the largest class among the training images.
        epochs: how many in a row may be no better; None for any number.

    Raises:
        HopelessError: in the last `epochs` epochs the training accuracy was never above `share`.
    """
    if epochs is None or len(history) < epochs:
        return
    best = max(row["train_accuracy"] for row in history[-epochs:])
    if best <= share:
        raise HopelessError(
            f"training accuracy was at most {best:.4f} in the last {epochs} of {len(history)} "
            f"epochs; the largest class has {share:.4f} of the training images"
        )
