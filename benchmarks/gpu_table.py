"""The plan of a GPU as text and as JSON: rates, memory, sharing and the projected search."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.deepfreak_floor import ELEMENT_BYTES, Floor, Rates, floor_of
from benchmarks.deepfreak_sides import COMMON
from benchmarks.gpu_projection import (
    Projection,
    Row,
    epoch_seconds,
    gains,
    paper_plan,
    project,
    searched_pairs,
    shared_speeds,
    speeds,
)
from trainables.deepfreak.geometry import geometry
from trainables.deepfreak.options import Options
from trainables.deepfreak.topologies import topology


@dataclass(frozen=True)
class Machine:
    """What it ran on: name, one line of description, rates."""

    hardware: str
    description: str
    rates: Rates


@dataclass(frozen=True)
class Settings:
    """Of the measurement: pixels a side, steps an epoch, options of the trainable."""

    size: int
    steps: int
    options: Mapping[str, Any]

    @property
    def precision(self) -> str:
        return str(self.options.get("precision", "float32"))

    def floor(self, number: int) -> Floor:
        """Of one training image of a topology."""
        parsed = Options.parse({**COMMON, **self.options})
        column = topology(number).resized(parsed.width, parsed.blocks)
        maps = geometry(column, (self.size, self.size), parsed.pool)
        return floor_of(column, maps, ELEMENT_BYTES.get(self.precision, 4))


def projections(machine: Machine, settings: Settings, rows: Sequence[Row]) -> list[Projection]:
    """The paper's search: one trial at a time, sharing, from scratch, and at the floor."""
    plan, alone = paper_plan(), speeds(rows)
    least = {
        pair: 1 / settings.floor(pair[0]).seconds(machine.rates)
        for pair in searched_pairs()
        if pair in alone
    }
    found = [
        project("one trial at a time, continued", plan, alone),
        project("one trial at a time, from scratch", plan, alone, continued=False),
        project("trials share the GPU, continued", plan, shared_speeds(rows)),
        project("the floor, continued", plan, least),
    ]
    return [projection for projection in found if projection is not None]


def document(machine: Machine, settings: Settings, rows: Sequence[Row]) -> dict[str, Any]:
    """Everything, as plain values."""
    return {
        "machine": asdict(machine),
        "settings": {**asdict(settings), "options": dict(settings.options)},
        "rows": [asdict(row) for row in rows],
        "projections": [asdict(one) for one in projections(machine, settings, rows)],
    }


def markdown(machine: Machine, settings: Settings, rows: Sequence[Row]) -> str:
    """The page."""
    given = ", ".join(f"{name}: {value}" for name, value in settings.options.items())
    reached = machine.rates
    parts = [
        f"# DeepFreak on {machine.hardware}",
        (
            f"Measured by `python -m benchmarks.gpu_plan`: {machine.description}; "
            f"{settings.size} × {settings.size} pixels, {settings.steps} steps an epoch; "
            f"options: {given or 'none'}."
        ),
        (
            f"The device reaches {reached.flop / 1e9:,.0f} GFLOP/s in a matrix product "
            f"({settings.precision}) and {reached.memory / 1e9:,.0f} GB/s in a copy; the floor of "
            "an image is the larger of its arithmetic and its memory traffic at these rates "
            "(`benchmarks/deepfreak_floor.py`)."
        ),
        "## One trial",
        _one_trial(machine, settings, rows),
        *_section("Trials that share the device", _sharing(rows)),
        *_section("Beside the released loop's equivalent", _released(rows)),
        *_section("The paper's BOHB search", _search(machine, settings, rows)),
    ]
    return "\n\n".join(parts) + "\n"


def slug(hardware: str, size: int, options: Mapping[str, Any]) -> str:
    """A file's name from the hardware, the pixels a side and the options."""
    words = [hardware, str(size), *(f"{name} {value}" for name, value in sorted(options.items()))]
    return re.sub(r"[^a-z0-9.]+", "-", " ".join(words).lower()).strip("-")


def line(row: Row) -> str:
    """One line of progress."""
    head = f"{row.side} {row.topology} batch {row.batch} × {row.trials}"
    if row.images_per_second is None:
        return f"{head}: {row.status} {row.reason}".rstrip()
    peak = "" if row.peak_bytes is None else f", {row.peak_bytes / 2**30:.2f} GiB"
    return f"{head}: {row.images_per_second:,.1f} images/s{peak}"


def _one_trial(machine: Machine, settings: Settings, rows: Sequence[Row]) -> str:
    lines = []
    for row in (row for row in rows if row.side == "ours" and row.trials == 1):
        if row.images_per_second is None:
            lines.append((row.topology, row.batch, row.status, "", "", "", ""))
            continue
        floor = settings.floor(row.topology)
        lines.append(
            (
                row.topology,
                row.batch,
                f"{row.images_per_second:,.1f}",
                f"{epoch_seconds(row.images_per_second):,.1f}",
                f"{row.images_per_second * floor.seconds(machine.rates):.1%}",
                floor.bound(machine.rates),
                "" if row.peak_bytes is None else f"{row.peak_bytes / 2**30:.2f}",
            )
        )
    head = ("topology", "batch", "images/s", "s an epoch", "of floor", "bound", "peak GiB")
    return _table(head, lines) + (
        "\n\nAn epoch is 10,000 images and the validation of 2,400 at a third of the cost, which "
        "is reckoned, not measured. The peak is what torch reserves; the CUDA context comes on top."
    )


def _sharing(rows: Sequence[Row]) -> str:
    alone = speeds(rows)
    lines = []
    for row in (row for row in rows if row.trials > 1):
        rate = row.images_per_second
        one = alone.get(row.pair)
        lines.append(
            (
                row.topology,
                row.batch,
                row.trials,
                row.status if rate is None else f"{rate:,.1f}",
                f"{rate / one:.2f} ×" if rate is not None and one is not None else "",
            )
        )
    head = ("topology", "batch", "trials", "images/s together", "by one trial")
    return _table(head, lines) if lines else ""


def _released(rows: Sequence[Row]) -> str:
    alone = speeds(rows)
    lines = []
    for row in (row for row in rows if row.side == "released"):
        rate, ours = row.images_per_second, alone.get(row.pair)
        lines.append(
            (
                row.topology,
                row.batch,
                row.status if rate is None else f"{rate:,.1f}",
                "" if ours is None else f"{ours:,.1f}",
                f"{ours / rate:.2f} ×" if rate is not None and ours is not None else "",
            )
        )
    head = ("topology", "batch", "released images/s", "ours images/s", "ratio")
    return _table(head, lines) if lines else ""


def _search(machine: Machine, settings: Settings, rows: Sequence[Row]) -> str:
    found = projections(machine, settings, rows)
    if not found:
        return ""
    lines = [
        (one.name, f"{one.epochs:,}", f"{one.hours:,.2f}", f"{one.deviation:,.2f}", one.pairs)
        for one in found
    ]
    wanted = len(searched_pairs())
    shared = ", ".join(
        f"{number}/{batch}: {trials} trials {gain:.2f} ×"
        for (number, batch), (gain, trials) in gains(rows).items()
        if trials > 1
    )
    return (
        f"Projected, not run: configurations drawn uniformly from Table 10, {found[0].pairs} of "
        f"its {wanted} pairs of topology and batch size measured. Gains by sharing "
        f"(topology/batch): {shared or 'none'}; topologies with as many filters take the "
        "same, all others have the GPU for themselves.\n\n"
    ) + _table(("", "epochs", "hours", "± (1 s.d.)", "pairs"), lines)


def _section(title: str, text: str) -> list[str]:
    return [f"## {title}", text] if text else []


def _table(head: Sequence[object], lines: Sequence[Sequence[object]]) -> str:
    rule = ["--"] * len(head)
    return "\n".join(
        "| " + " | ".join(str(cell) for cell in cells) + " |" for cells in (head, rule, *lines)
    )
