"""What a trial costs beyond its own work, beside ``hyperopt.fmin`` and a plain ``tune.Tuner``.

python -m benchmarks.overhead [trials=100,1000,10000] [tune=100,300] [short=true]

Trials that do nothing go through the whole stack by the real command: Ray, ledger, MLflow on
SQLite. Each measurement is a process of its own on two CPUs. ``tune`` says for how many trials
the plain Tuner with Ray's MLflow callback is run: at about a second a trial it is not for more.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from automl.ledger import read_events
from benchmarks.noop import CONF
from benchmarks.process import python
from benchmarks.words import Command, listed, switch, whole

FMIN = "hyperopt.fmin"
TUNE = "tune.Tuner, no tracking"
TUNE_MLFLOW = "tune.Tuner + MLflow callback"
STACK = "whole stack, MLflow"
STACK_UNTRACKED = "whole stack, no tracking"
HEAD = (
    f"{'':<30}{'trials':>8}{'ms/trial':>10}{'× fmin':>8}{'peak MB':>9}{'start s':>9}{'rest s':>8}"
)


@dataclass(frozen=True)
class Measured:
    """One row of the table.

    ``seconds`` go from the end of the first trial to that of the last, so that starting and
    finishing are not in them. ``start`` is from the command to the first trial that a worker
    took up, ``rest`` from the last trial of the search to the end of the command: confirmation,
    evaluation, report, and what MLflow had still to be told.
    """

    what: str
    trials: int
    seconds: float
    peak: int
    start: float | None = None
    rest: float | None = None

    @property
    def milliseconds(self) -> float:
        """Cost of one trial."""
        return 1000 * self.seconds / (self.trials - 1)

    def row(self, base: Measured | None) -> str:
        """Its line of the table; ``base`` is fmin's for as many trials."""
        ratio = f"{self.milliseconds / base.milliseconds:.0f}" if base else ""
        optional = "".join(
            f"{'' if value is None else f'{value:.1f}':>{width}}"
            for value, width in ((self.start, 9), (self.rest, 8))
        )
        return (
            f"{self.what:<30}{self.trials:>8,}{self.milliseconds:>10.2f}{ratio:>8}"
            f"{self.peak / 1e6:>9.0f}{optional}"
        )


def stack(trials: int, *, tracked: bool) -> Measured:
    """Measure the real command."""
    with tempfile.TemporaryDirectory(prefix="overhead-") as name:
        folder = Path(name)
        finished = python(
            [
                *("-m", "automl.run", f"--config-dir={CONF}", "search=noop", "name=noop"),
                *(f"trainable.trials={trials}", "workers=2", "cluster.cpus=2"),
                *(("tracking=sqlite",) if tracked else ("tracking=none",)),
            ],
            cwd=folder,
        )
        events, _ = read_events(folder / "runs/noop/ledger.jsonl")
    first = next(event["time"] for event in events if event["event"] == "started")
    ends = [event["time"] for event in events if event["event"] == "finished"][:trials]
    return Measured(
        STACK if tracked else STACK_UNTRACKED,
        len(ends),
        ends[-1] - ends[0],
        finished.peak,
        first - finished.began,
        finished.ended - ends[-1],
    )


def native(what: str, trials: int) -> Measured:
    """Measure hyperopt's own loop or Ray's own Tuner."""
    with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
        words = {
            FMIN: ("benchmarks.plain_fmin", str(trials)),
            TUNE: ("benchmarks.plain_tune", str(trials)),
            TUNE_MLFLOW: ("benchmarks.plain_tune", str(trials), f"sqlite:///{folder}/mlflow.db"),
        }[what]
        finished = python(["-m", *words])
    seconds = json.loads(finished.output.splitlines()[-1])["seconds"]
    return Measured(what, trials, seconds, finished.peak)


def summary(measured: Sequence[Measured]) -> list[str]:
    """Say what the targets are about: growth with the number of trials, and ratios to Tune."""
    lines = []
    ours = [one for one in measured if one.what == STACK]
    few, many = ours[0], ours[-1]
    if len(ours) > 1:
        growth = many.milliseconds / few.milliseconds
        lines.append(
            f"{STACK}: {many.trials:,} trials cost {growth:.2f} × as much each as {few.trials:,}"
        )
    for other in (TUNE_MLFLOW, TUNE):
        theirs = [one for one in measured if one.what == other]
        for one in ours:
            same = [their for their in theirs if their.trials == one.trials]
            if same:
                ratio = same[0].milliseconds / one.milliseconds
                lines.append(f"{other}: {ratio:.1f} × the whole stack at {one.trials:,} trials")
    return lines


def main(
    short: bool = False,
    trials: Sequence[int] | None = None,
    tune: Sequence[int] | None = None,
) -> None:
    trials = trials or ((80,) if short else (100, 1000, 10_000))
    if tune is None:
        tune = (80,) if short else (100, 300)
    print(HEAD)
    measured: list[Measured] = []

    def show(one: Measured, base: Measured | None) -> None:
        measured.append(one)
        print(one.row(base), flush=True)

    for count in sorted({*trials, *tune}):
        base = native(FMIN, count)
        show(base, None)
        if count in tune:
            show(native(TUNE, count), base)
            show(native(TUNE_MLFLOW, count), base)
        if count in trials:
            show(stack(count, tracked=False), base)
            show(stack(count, tracked=True), base)
    print("\n".join(summary(measured)))


def counts(text: str) -> tuple[int, ...]:
    """Numbers of trials, or none; the first of them is not timed."""
    return tuple(map(whole(2), text.split(","))) if text else ()


command = Command(main, {"trials": listed(whole(2)), "tune": counts, "short": switch})

if __name__ == "__main__":
    raise SystemExit(command())
