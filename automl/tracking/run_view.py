"""What one MLflow run should hold, as far as the ledger has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from automl.tracking import naming

RUNNING, FINISHED, FAILED, KILLED = "RUNNING", "FINISHED", "FAILED", "KILLED"

_FIRST = "validation_accuracy"

CONFIGURATION, CONFIRMATION, SEARCH = "configuration", "confirmation", "search"


class RunKey(NamedTuple):
    """What a run is looked up by within its search."""

    kind: str
    configuration_id: str = ""
    confirmation_seed: str = ""


class Point(NamedTuple):
    """One row of a metric's history; ``time`` in milliseconds since 1970."""

    key: str
    value: float
    time: int
    step: int


@dataclass(frozen=True)
class DatasetView:
    """A split that a run has as its input."""

    name: str
    digest: str
    context: str
    source: str
    profile: str


@dataclass
class RunView:
    """The wanted content of a run. Points are only ever appended, in the ledger's order."""

    key: RunKey
    name: str
    start: int
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    summary: dict[str, float] = field(default_factory=dict)
    """Final figures that are no part of a history, as of ``summary_time`` (milliseconds)."""
    summary_time: int = 0
    inputs: list[DatasetView] = field(default_factory=list)
    status: str = RUNNING
    end: int | None = None
    changed: bool = True
    """Whether something was added since a writer last brought the run to the store."""
    _seen: set[tuple[str, int]] = field(default_factory=set)

    def add(self, metrics: Mapping[str, Any], time: int, step: int) -> None:
        """Append a point for each number, unless its metric has one at this step already.

        A trial that is run again after a kill reports its epochs again. MLflow cannot replace
        a row of a history, so the first report of an epoch stands.
        """
        # MLflow lists metrics as they first came.
        for name, raw in sorted(metrics.items(), key=lambda item: item[0] != _FIRST):
            value, key = naming.metric_value(raw), naming.key(name)
            if value is None or (key, step) in self._seen:
                continue
            self._seen.add((key, step))
            self.points.append(Point(key, value, time, step))
            self.changed = True

    def tag(self, **facts: object) -> None:
        """Set tags ``automl.<name>``; None leaves a tag as it is."""
        for name, value in facts.items():
            if value is not None:
                self.tags[f"automl.{name}"] = naming.tag_value(value)
                self.changed = True

    def begin(self) -> None:
        """Mark the run as running, for the first time or again."""
        self.status, self.end, self.changed = RUNNING, None, True

    def finish(self, status: str, time: int) -> None:
        """Mark the run as ended at ``time`` (milliseconds)."""
        self.status, self.end, self.changed = status, time, True
