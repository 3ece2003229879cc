"""What a GPU does with every topology and batch size, and how long the paper's search takes on it.

python -m benchmarks.gpu_plan [size=512] [steps=16] [out=benchmarks/results] [minutes=9]
                              [topologies=1,...,13] [batches=1,4,8,16,32,64] [sharing=2,4,8]
                              [options=precision:bfloat16,cuda_graphs:true] [width=1.0]
                              [seconds=1.0] [device=cuda]

Each pair of topology and batch size trains in a process of its own until `seconds` are over,
after an epoch of `steps` steps to warm up. Then some pairs of each number of filters are trained
by the released loop's equivalent, and by several trials at a time. What `minutes` do not suffice
for is skipped, and the table says so. The result is written as JSON and Markdown, named after the
hardware and the options, again after every kind of measurement.

`options` are those of the trainable. Trials that share a GPU without CUDA's multi-process service
(MPS) take turns on it; with it they run side by side.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.errors import UserError
from benchmarks import deepfreak_words
from benchmarks.deepfreak_data import stored
from benchmarks.deepfreak_floor import Rates
from benchmarks.gpu_projection import Pair, Row, pairs_of
from benchmarks.gpu_table import Machine, Settings, document, line, markdown, slug
from benchmarks.gpu_workers import Task, Workers
from benchmarks.words import Command, listed, positive, whole
from trainables.deepfreak.topologies import SEARCHED, topology

BATCHES = (1, 4, 8, 16, 32, 64)
RELEASED_BATCHES = (1, 8, 32)
SHARING_BATCHES = (1, 4, 8)  # larger ones fill the device by themselves
TYPICAL = (8, 10, 12)  # of the topologies with 64, 8 and 16 filters
PATIENCE, LONG_PATIENCE = 120.0, 600.0  # seconds for an answer; compiling takes minutes


@dataclass(frozen=True)
class Measurement:
    """One entry of the list of what is to be measured, before it is."""

    side: str
    pair: Pair
    trials: int = 1


def typical(topologies: Sequence[int]) -> list[int]:
    """One topology of each number of filters."""
    found: dict[int, int] = {}
    for number in sorted(topologies, key=lambda number: number not in TYPICAL):
        found.setdefault(topology(number).filters, number)
    return list(found.values())


def measurements(
    topologies: Sequence[int], batches: Sequence[int], sharing: Sequence[int]
) -> list[list[Measurement]]:
    """What is measured, in stages: every pair alone, the released loop, trials that share."""
    some = typical(topologies)
    return [
        [Measurement("ours", pair) for pair in pairs_of(topologies, batches)],
        [
            Measurement("released", pair)
            for pair in pairs_of(some, [b for b in batches if b in RELEASED_BATCHES])
        ],
        [
            Measurement("ours", pair, trials)
            for pair in pairs_of(some, [b for b in batches if b in SHARING_BATCHES])
            for trials in sharing
        ],
    ]


def run(
    stages: Sequence[Sequence[Measurement]],
    workers: Workers,
    settings: Settings,
    machine: Machine,
    images: Path,
    seconds: float,
    end: float,
    out: Path,
) -> list[Row]:
    """Measure until `end` (of the monotonic clock) and write after each stage."""
    rows: list[Row] = []
    for stage in stages:
        for one in stage:
            head = (one.side, *one.pair, one.trials)
            if time.monotonic() < end:
                task = Task(one.side, *one.pair, settings.steps, images, settings.options, seconds)
                row = workers.measure(task, one.trials)
            else:
                row = Row(*head, "skipped", reason="the time was over")
            rows.append(row)
            print(line(row), flush=True)
        write(out, machine, settings, rows)
    return rows


def write(out: Path, machine: Machine, settings: Settings, rows: Sequence[Row]) -> Path:
    """Write both files; return the Markdown one."""
    out.mkdir(parents=True, exist_ok=True)
    page = out / f"deepfreak-{slug(machine.hardware, settings.size, settings.options)}.md"
    found = document(machine, settings, rows)
    page.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    page.write_text(markdown(machine, settings, rows))
    return page


def main(
    device: str = "cuda",
    size: int = 512,
    steps: int = 16,
    out: Path = Path(__file__).parent / "results",
    minutes: float = 9.0,
    topologies: Sequence[int] = SEARCHED,
    batches: Sequence[int] = BATCHES,
    sharing: Sequence[int] | None = None,
    seconds: float = 1.0,
    options: Mapping[str, Any] | None = None,
    width: float | None = None,
) -> None:
    """Measure, project and write.

    Raises:
        UserError: the device is not there, or the options are none of the trainable's.
    """
    end = time.monotonic() + 60 * minutes
    wanted = deepfreak_words.checked(device, width, options)
    settings = Settings(size, steps, wanted)
    slow = device == "cpu" or bool(wanted.get("compile"))
    stages = measurements(topologies, batches, sharing or ((2,) if device == "cpu" else (2, 4, 8)))
    with (
        tempfile.TemporaryDirectory(prefix="gpu-plan-") as name,
        Workers(device, LONG_PATIENCE if slow else PATIENCE) as workers,
    ):
        try:
            found = workers.machine(settings.precision)
        except RuntimeError as error:
            raise UserError(f"device={device}: {error}") from error
        reached = Rates(found["flop"], found["memory"])
        machine = Machine(found["hardware"], found["description"], reached)
        print(machine.description, flush=True)
        images = stored(Path(name), steps * max(batches), size)
        rows = run(stages, workers, settings, machine, images, seconds, end, out)
    page = write(out, machine, settings, rows)
    print(f"\n{page.read_text()}\nwritten to {page} and {page.with_suffix('.json').name}")


command = Command(
    main,
    {
        "device": deepfreak_words.device,
        "size": deepfreak_words.size,
        "steps": whole(),
        "out": Path,
        "minutes": positive,
        "topologies": deepfreak_words.topologies,
        "batches": listed(whole()),
        "sharing": listed(whole()),
        "seconds": positive,
        "options": deepfreak_words.options,
        "width": positive,
    },
)

if __name__ == "__main__":
    raise SystemExit(command())
