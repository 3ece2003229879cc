"""The table at the foot of a terminal, redrawn from an immutable snapshot.

Redrawing happens in rich's own thread, so that clocks tick while an epoch lasts; what it draws
is replaced whole by the driver's thread and never changed.
"""

import time
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from automl.formatting import configuration, counted, duration, percent, quantity
from automl.progress.narrator import Narrator
from automl.progress.tally import Tally

_RUNNING_SHOWN = 4
_REDRAWS_PER_SECOND = 2


@dataclass(frozen=True)
class Snapshot:
    """Everything the table says at one moment; ``taken`` is on the monotonic clock."""

    name: str
    phase: str
    ended: int
    total: int
    failed: int
    spent: float
    planned: float
    unit: str
    active_seconds: float
    seconds_left: float | None
    best: str
    running: tuple[str, ...]
    task: tuple[str, int, int] | None
    taken: float

    @classmethod
    def of(
        cls, narrator: Narrator, tally: Tally, task: tuple[str, int, int] | None, taken: float
    ) -> "Snapshot":
        """What there is to say now."""
        best = tally.incumbent
        running = list(tally.running.values())
        shown = [
            f"trial {trial.number}: {quantity(trial.epoch)} of "
            f"{counted(trial.budget, narrator.unit)}"
            + ("" if trial.accuracy is None else f", {percent(trial.accuracy)}")
            for trial in running[:_RUNNING_SHOWN]
        ]
        if len(running) > _RUNNING_SHOWN:
            shown.append(f"and {len(running) - _RUNNING_SHOWN} more")
        return cls(
            name=narrator.name,
            phase=narrator.phase,
            ended=tally.ended,
            total=tally.total,
            failed=tally.failed,
            spent=tally.spent,
            planned=tally.budget_planned,
            unit=narrator.unit,
            active_seconds=tally.active_seconds,
            seconds_left=tally.seconds_left,
            best="none yet"
            if best is None
            else f"{narrator.result(best)}: {configuration(best.configuration)}",
            running=tuple(shown),
            task=task if task is not None and task[1] < task[2] else None,
            taken=taken,
        )


class LiveView:
    """A terminal with the table at its foot and lines passing above."""

    def __init__(self, stream: TextIO, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._console = Console(file=stream, force_terminal=True, highlight=False)
        self._live = Live(
            console=self._console,
            get_renderable=self._render,
            refresh_per_second=_REDRAWS_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def start(self) -> None:
        """Begin to draw."""
        self._live.start(refresh=True)

    def stop(self) -> None:
        """Draw once more and leave the terminal as it was."""
        self._live.stop()

    def update(self, snapshot: Snapshot) -> None:
        """Replace what is drawn from the next redraw on."""
        self._snapshot = snapshot

    def print(self, text: str) -> None:
        """Let a line pass above the table."""
        self._console.print(Text(text))

    def _render(self) -> RenderableType:
        return table(self._snapshot, time.monotonic())


def table(snapshot: Snapshot, now: float) -> RenderableType:
    """The table of a snapshot, its clocks moved on to ``now``."""
    since = max(now - snapshot.taken, 0.0)
    head = Table.grid(padding=(0, 1))
    failed = f", {quantity(snapshot.failed)} failed" if snapshot.failed else ""
    counts = f"{quantity(snapshot.ended)}/{quantity(snapshot.total)} trials{failed}"
    spent = f"{quantity(snapshot.spent)}/{quantity(snapshot.planned)} {snapshot.unit}"
    clock = duration(round(snapshot.active_seconds + since))
    if snapshot.seconds_left is not None:
        clock += f", about {duration(round(max(snapshot.seconds_left - since, 0.0)))} left"
    bar = ProgressBar(total=max(snapshot.planned, 1.0), completed=snapshot.spent, width=24)
    head.add_row(Text(snapshot.phase, style="bold"), bar, Text(counts), Text(spent), Text(clock))
    lines: list[RenderableType] = [head, _labelled("best", snapshot.best)]
    if snapshot.running:
        lines.append(_labelled("now", "; ".join(snapshot.running)))
    if snapshot.task is not None:
        what, done, total = snapshot.task
        lines.append(_labelled("also", f"{what}, {quantity(done)} of {quantity(total)}"))
    return Group(*lines)


def _labelled(label: str, value: str) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{label:<5}", style="bold")
    text.append(value)
    return text
