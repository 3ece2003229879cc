"""The table at the foot of a terminal: from a snapshot to rich's lines."""

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from automl.formatting import counted, duration, percent, quantity
from automl.progress.shapes import cells, sparkline
from automl.progress.snapshot import Running, Snapshot, words

_CURVE, _CELLS, _BAR, _SMALL_BAR = 20, 9, 22, 12  # widths in characters


def table(snapshot: Snapshot, now: float) -> RenderableType:
    """The table of a snapshot, its clocks moved on to ``now`` of the monotonic clock."""
    since = max(now - snapshot.taken, 0.0)
    lines: list[RenderableType] = [_head(snapshot), _labelled("time", _time(snapshot, since))]
    lines.append(_labelled("best", snapshot.best or "none yet", _curve(snapshot)))
    if snapshot.configuration:
        lines.append(_labelled("", snapshot.configuration, lines=2))
    lines += _rungs(snapshot)
    lines += _running(snapshot, since)
    if snapshot.failures is not None:
        lines.append(_labelled("failed", snapshot.failures))
    if snapshot.task is not None:
        what, done, total = snapshot.task
        lines.append(_labelled("also", f"{what}, {quantity(done)} of {quantity(total)}"))
    return Group(*lines)


def _head(snapshot: Snapshot) -> RenderableType:
    counts = f"{quantity(snapshot.ended)}/{quantity(snapshot.total)} trials"
    spent = f"{quantity(snapshot.spent)}/{quantity(snapshot.planned)} {snapshot.unit}"
    bar = ProgressBar(total=max(snapshot.planned, 1.0), completed=snapshot.spent, width=_BAR)
    head = Table.grid(padding=(0, 1))
    head.add_row(Text(snapshot.phase, style="bold"), bar, Text(counts), Text(spent))
    return head


def _time(snapshot: Snapshot, since: float) -> str:
    clock = duration(round(snapshot.active_seconds + since))
    if snapshot.seconds_left:
        clock += f", about {duration(round(max(snapshot.seconds_left - since, 0.0)))} left"
    return clock


def _curve(snapshot: Snapshot) -> str:
    known = snapshot.incumbents
    if len(known) < 2:
        return ""
    return f"  {percent(known[0])} {sparkline(known, _CURVE)} {percent(known[-1])}"


def _rungs(snapshot: Snapshot) -> list[RenderableType]:
    if not snapshot.brackets:
        return []
    lines = []
    label = "rungs"
    for rungs in snapshot.rungs:
        shown = "  ".join(
            f"{quantity(rung.budget)} {cells(rung.ended, rung.planned, _CELLS)} "
            f"{quantity(rung.ended)}/{quantity(rung.planned)}"
            for rung in rungs
        )
        lines.append(_labelled(label, f"bracket {rungs[0].bracket}: {shown}"))
        label = ""
    closed = f"{quantity(snapshot.closed)} of {counted(snapshot.brackets, 'brackets')} closed"
    return [*lines, _labelled(label, closed)]


def _running(snapshot: Snapshot, since: float) -> list[RenderableType]:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for place, running in enumerate(snapshot.running):
        label = "now" if place == 0 else ""
        number, part, accuracy = words(running, snapshot.unit)
        bar = ProgressBar(total=max(running.budget, 1.0), completed=running.epoch, width=_SMALL_BAR)
        pace = _pace(running, snapshot.unit, since)
        grid.add_row(Text(f"{label:<5}", style="bold"), number, bar, part, accuracy, pace)
    # Lines are kept while a worker is between two trials: the table does not jump.
    missing = snapshot.rows - len(snapshot.running)
    for place in range(missing):
        label = "now" if place == 0 and not snapshot.running else ""
        grid.add_row(Text(f"{label:<5}", style="bold"), Text("–", style="dim"))
    if grid.row_count == 0:
        return []
    more = [_labelled("", f"and {snapshot.more} more")] if snapshot.more else []
    return [grid, *more]


def _pace(running: Running, unit: str, since: float) -> str:
    if running.rate is not None and running.budget > 1:
        return f"{duration(running.rate)} for {counted(1, unit)}"
    return f"for {duration(round(running.seconds + since))}"


def _labelled(label: str, value: str, after: str = "", *, lines: int = 1) -> RenderableType:
    if lines > 1:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_row(Text(f"{label:<5}", style="bold"), Text(value, overflow="fold"))
        return grid
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{label:<7}", style="bold")
    text.append(value)
    text.append(after, style="cyan")
    return text
