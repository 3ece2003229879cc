"""The report: plain text tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.quality.comparison import Mean
from benchmarks.quality.outcome import Outcome
from benchmarks.quality.summary import Comparison, Row, comparisons, rows

_METHOD_HEAD = (
    "method",
    "final regret",
    "95 % interval",
    "area",
    "95 % interval",
    "evaluations",
    "failed",
    "by model",
    "saved",
    "unspent",
    "CPU s",
)
_DIFFERENCE_HEAD = ("difference", "of", "mean", "95 % interval", "Wilcoxon p", "verdict")


def tables(outcomes: Sequence[Outcome]) -> str:
    """A table of methods and one of comparisons for each surface."""
    summaries, differences = rows(outcomes), comparisons(outcomes)
    parts = []
    for surface in dict.fromkeys(outcome.surface for outcome in outcomes):
        mine = [row for row in summaries if row.surface == surface]
        total = next(outcome.total for outcome in outcomes if outcome.surface == surface)
        parts.append(
            f"{surface}: {mine[0].regret.seeds} seeds, budget {total:,} a search\n"
            + _table(_METHOD_HEAD, (_method_cells(row) for row in mine))
        )
        versus = [_difference_cells(each) for each in differences if each.surface == surface]
        parts.append(_table(_DIFFERENCE_HEAD, versus))
    return "\n\n".join(parts)


def _method_cells(row: Row) -> tuple[str, ...]:
    return (
        row.method,
        f"{row.regret.mean:.4f}",
        _interval(row.regret),
        f"{row.area.mean:.4f}",
        _interval(row.area),
        f"{row.evaluations:.0f}",
        f"{row.failures:.0%}",
        "" if row.model_share is None else f"{row.model_share:.0%}",
        f"{row.saved:.1%}" if row.saved else "",
        f"{row.unspent:.1%}",
        f"{row.seconds:.1f}",
    )


def _difference_cells(comparison: Comparison) -> tuple[str, ...]:
    difference = comparison.difference
    return (
        f"{comparison.ours} − {comparison.theirs}",
        comparison.measure,
        f"{difference.mean.mean:+.4f}",
        _interval(difference.mean, signed=True),
        f"{difference.p:.3f}",
        difference.verdict,
    )


def _interval(mean: Mean, *, signed: bool = False) -> str:
    form = "+.4f" if signed else ".4f"
    return f"{mean.low:{form}} … {mean.high:{form}}"


def _table(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    """Columns as wide as their widest cell: the first one flush left, the others right."""
    cells = [head, *lines]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )
