"""A trainable under test, and how rules run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from automl.plugins import TrainingData
from automl.testing.contract import ContractError, call, raised
from automl.testing.watched import WatchedData, watched

Report = dict[str, Any]
# What may differ between equal runs; besides, whatever is named as a time.
_INCIDENTAL = ("note", "replayed", "seconds")


@dataclass(frozen=True)
class TrainableCase:
    """What the rules need to know.

    Attributes:
        trainable: The class.
        data: Given an empty folder, returns training data; of a data set of yours, or
            :func:`automl.testing.generated_data`. Called often: keep them small.
        configuration: One that trains, in a second or less.
        budget: Epochs to train in the tests: 2 or more for a resumable trainable, best 3; 1 where
            one evaluation is all there is.
        options: The trainable's.
        parameters: Names of all hyperparameters; None for those of the space, or else of the
            configuration.
        failing: A configuration that must end in a report with a status; None if there is none.
        space: The space as its YAML file has it; None to try no other configurations.
        device: ``cpu`` or ``cuda``.

    Raises:
        ValueError: The budget is too small for what is to be tested.
    """

    trainable: Any
    data: Callable[[Path], TrainingData]
    configuration: Mapping[str, Any]
    budget: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    parameters: frozenset[str] | None = None
    failing: Mapping[str, Any] | None = None
    space: Mapping[str, Any] | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        least = 2 if self.is_resumable else 1
        if self.budget < least:
            raise ValueError(f"budget={self.budget}: give at least {least} to test this trainable")

    @property
    def is_resumable(self) -> bool:
        """Whether the trainable says that it goes on from checkpoints."""
        return bool(getattr(self.trainable, "resumable", False))

    @property
    def names(self) -> frozenset[str]:
        """Names of all hyperparameters."""
        if self.parameters is not None:
            return self.parameters
        declared = self.configuration if self.space is None else self.space["parameters"]
        return frozenset(declared)


class Bench:
    """A new instance of the trainable, as a worker that has just started has it.

    Args:
        case: What is tested.
        folder: Cache and checkpoints lie here; benches of one folder share the cache.
        asked: Gets the names under which test data are asked for.
    """

    def __init__(self, case: TrainableCase, folder: Path, asked: list[str] | None = None) -> None:
        cache = folder / "cache"
        cache.mkdir(exist_ok=True, parents=True)
        self._case = case
        self.data: WatchedData = watched(case.data(cache), [] if asked is None else asked)
        self.trainable = call(
            "__init__", case.trainable, self.data, dict(case.options), case.device
        )

    def reports(
        self,
        checkpoint: Path | None,
        *,
        budget: int | None = None,
        seed: int = 0,
        configuration: Mapping[str, Any] | None = None,
        stop_after: int | None = None,
        listen: Callable[[Report], None] | None = None,
    ) -> list[Report]:
        """Train and return all reports, or those until it is interrupted.

        As a search does, it empties the reports that it is given: they are the caller's.

        Args:
            checkpoint: As for ``train``.
            budget: The case's if None.
            seed: As for ``train``.
            configuration: The case's if None.
            stop_after: After so many reports training is broken off.
            listen: Called with each report as it comes.

        Raises:
            ContractError: Training raised.
        """
        case = self._case
        found: list[Report] = []
        try:
            running = self.trainable.train(
                dict(case.configuration if configuration is None else configuration),
                seed=seed,
                budget=case.budget if budget is None else budget,
                checkpoint=checkpoint,
            )
            for report in running:
                found.append(dict(report))
                report.clear()
                if listen is not None:
                    listen(found[-1])
                if len(found) == stop_after:
                    running.close()
                    break
        except ContractError:
            raise
        except Exception as error:
            raise raised("train", error) from error
        return found

    def trained(self, checkpoint: Path | None, **how: Any) -> list[Report]:
        """Return the reports of the case's configuration, which must not fail.

        Raises:
            ContractError: Training raised, failed, or reported nothing.
        """
        found = self.reports(checkpoint, **how)
        failures = [report for report in found if "status" in report]
        if failures:
            reason = f"{failures[0]['status']} ({failures[0].get('reason')})"
            raise ContractError(f"the case's configuration failed: {reason}; give one that trains")
        if not found:
            raise ContractError("train gave no report")
        return found


def comparable(reports: list[Report]) -> list[Report]:
    """Return reports without notes and without what is called ``seconds`` or ``…_seconds``."""
    return [
        {
            key: value
            for key, value in report.items()
            if key not in _INCIDENTAL and not key.endswith("_seconds")
        }
        for report in reports
    ]


def difference(one: list[Report], other: list[Report]) -> str | None:
    """Return where two runs' reports first differ, or None."""
    first, second = comparable(one), comparable(other)
    for place, (left, right) in enumerate(zip(first, second, strict=False), start=1):
        for key in sorted(left.keys() | right.keys()):
            if key not in left or key not in right or left[key] != right[key]:
                return f"report {place}: {key} is {left.get(key)!r} and {right.get(key)!r}"
    if len(first) != len(second):
        return f"{len(first)} reports and {len(second)}"
    return None
