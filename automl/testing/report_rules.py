"""Rules on what a trainable reports."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from automl.testing.contract import ContractError, require
from automl.testing.trainable_case import Bench, Report, TrainableCase, difference
from searchspaces import parse_space, sample

_DRAWS = 8


def reports_count_epochs_from_one(case: TrainableCase, folder: Path) -> None:
    """Epochs are whole numbers: 1, 2, 3 and so on."""
    epochs = [report.get("epoch") for report in Bench(case, folder).trained(folder / "trial")]
    require(
        all(type(epoch) is int for epoch in epochs) and epochs == list(range(1, len(epochs) + 1)),
        f"the reports' epochs are {epochs}; count them from 1, one by one",
    )


def budget_is_respected(case: TrainableCase, folder: Path) -> None:
    """The last epoch is the budget, also where the checkpoint holds more than that."""
    bench = Bench(case, folder)
    for budget in (case.budget, 1):
        for checkpoint in (folder / "trial", folder / f"trial-{budget}"):
            epochs = [r.get("epoch") for r in bench.trained(checkpoint, budget=budget)]
            require(
                len(epochs) == budget and epochs[-1] == budget,
                f"with budget {budget} the epochs are {epochs}; end with the budget",
            )


def reports_are_plain_and_finite(case: TrainableCase, folder: Path) -> None:
    """Metrics are finite Python numbers, and ``validation_accuracy`` lies between 0 and 1."""
    for report in Bench(case, folder).trained(folder / "trial"):
        _require_plain(report)


def equal_runs_give_equal_reports(case: TrainableCase, folder: Path) -> None:
    """Configuration, seed and budget decide the reports.

    Neither other trials before this one, nor another process, nor the global random numbers do.
    """
    with _global_generators(1):
        first = Bench(case, folder / "one").trained(folder / "first")
    with _global_generators(2):
        bench = Bench(case, folder / "other")
        bench.trained(folder / "between", seed=1)
        found = difference(first, bench.trained(folder / "second"))
    require(found is None, f"equal runs differ: {found}; draw all that is random from the seed")


def asks_for_no_test_data(case: TrainableCase, folder: Path) -> None:
    """Nothing but training and validation split is asked of the data.

    What is read from files behind the data's back is not seen here.
    """
    asked: list[str] = []
    try:
        Bench(case, folder, asked).trained(folder / "trial")
    except ContractError:
        if not asked:
            raise
    # Noted as well as refused: whoever asks may swallow the refusal.
    found = ", ".join(f"data.{name}" for name in asked)
    require(not asked, f"test data were asked for: {found}")


def failures_are_reported(case: TrainableCase, folder: Path) -> None:
    """A configuration that cannot be trained ends in one report with a status and a reason."""
    assert case.failing is not None, "a case without a failing configuration"
    found = Bench(case, folder).reports(folder / "trial", configuration=case.failing)
    statuses = [report.get("status") for report in found]
    require(
        bool(statuses) and isinstance(statuses[-1], str) and statuses[-1] != "",
        "the failing configuration ended without a status; report status and reason, never NaN",
    )
    require(set(statuses[:-1]) <= {None}, f"reports follow the one with a status: {statuses}")
    reason = found[-1].get("reason")
    require(
        isinstance(reason, str) and reason.strip() != "" and "\n" not in reason,
        f"the reason is {reason!r}; give one line",
    )
    require(type(found[-1].get("epoch")) is int, "the report with the status has no epoch")
    for report in found[:-1]:
        _require_plain(report)


def configurations_of_the_space_train(case: TrainableCase, folder: Path) -> None:
    """Whatever the space draws trains, or fails with a status."""
    assert case.space is not None, "a case without a space"
    space, rng = parse_space(case.space), np.random.default_rng(0)
    bench = Bench(case, folder)
    for draw in range(_DRAWS):
        configuration = sample(space, rng)
        try:
            found = bench.reports(folder / f"trial-{draw}", budget=1, configuration=configuration)
        except ContractError as error:
            raise ContractError(f"{configuration}: {error}") from error
        require(bool(found), f"{configuration}: train gave no report")
        for report in found:
            if "status" not in report:
                _require_plain(report)


def _require_plain(report: Report) -> None:
    place = f"report of epoch {report.get('epoch')}"
    for key, value in report.items():
        require(isinstance(key, str), f"{place}: the key {key!r} is no text")
        if key in ("note", "replayed"):
            continue
        # A subclass of float, such as numpy's, is written as a number too.
        require(
            isinstance(value, int | float),
            f"{place}: {key} is a {type(value).__name__}; give a Python number",
        )
        require(
            math.isfinite(value), f"{place}: {key} is {value}; report a status and a reason instead"
        )
    accuracy = report.get("validation_accuracy")
    require(accuracy is not None, f"{place}: validation_accuracy is missing; see data.score")
    require(0.0 <= float(accuracy or 0) <= 1.0, f"{place}: validation_accuracy is {accuracy}")


@contextmanager
def _global_generators(seed: int) -> Iterator[None]:
    """Set the generators that nothing should depend on, and put them back."""
    plain, shared = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(plain)
        np.random.set_state(shared)  # noqa: NPY002
