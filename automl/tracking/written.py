"""What a store lacked and was given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from automl.formatting import counted


@dataclass
class Written:
    """Counts, which grow with what the store has taken.

    Attributes:
        runs: That were made.
        updated: Runs that were there and lacked something.
        metrics: Values of metrics, each at its step.
        files: Artifacts of runs.
        models: That were stored or registered.
    """

    runs: int = 0
    updated: int = 0
    metrics: int = 0
    files: int = 0
    models: int = 0

    def __str__(self) -> str:
        """Return ``11 runs, 251 metric values, 1 model``; empty if the store lacked nothing."""
        words = {
            "runs": self.runs,
            "metric values": self.metrics,
            "files": self.files,
            "models": self.models,
        }
        parts = [counted(count, plural) for plural, count in words.items() if count]
        if self.updated:
            parts.append(f"something to {counted(self.updated, 'earlier runs')}")
        return ", ".join(parts)


def total(several: Iterable[Written]) -> Written:
    """Return the sum of counts."""
    found = list(several)
    return Written(
        runs=sum(each.runs for each in found),
        updated=sum(each.updated for each in found),
        metrics=sum(each.metrics for each in found),
        files=sum(each.files for each in found),
        models=sum(each.models for each in found),
    )
