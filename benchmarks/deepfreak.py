"""Images/s of DeepFreak's training, beside the released loop's equivalent and beside the floor.

python -m benchmarks.deepfreak [device=cpu|cuda] [size=128] [topologies=9,10,12,13]
                               [batches=1,8,32] [rounds=3] [images=96] [width=1.0]
                               [workers=0|1] [options=NAME:VALUE,...] [short=true]
python -m benchmarks.deepfreak checkpoints=true [size=512] [topologies=8,10,12] [batches=1] ...

Both loops train the same network from the same weights on the same images in the same order.
Before anything is timed their losses are compared: that of the first step as they will run, and
on the CPU the mean of the first three with ours in the released loop's memory layout. (Another
layout rounds sums otherwise, and the untrained network makes percents of last bits within a step.)

Then the loops take turns, an epoch each. Only training is timed, and the one image that ours
validates in each epoch. On the CPU both have one thread and the released loop reads its files
itself; on a GPU it has one loader process, as the released code has. `images` is rounded up to
full batches.

With ``checkpoints`` the released loop is left out: what is timed is a checkpoint, written and read
again, against an epoch of the paper's 10,000 images.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import lcm
from pathlib import Path
from statistics import median
from typing import Any

import torch

from automl.errors import UserError
from benchmarks import deepfreak_checkpoints, deepfreak_words
from benchmarks.deepfreak_data import Data, mapped, stored
from benchmarks.deepfreak_floor import ELEMENT_BYTES, Floor, Rates, floor_of
from benchmarks.deepfreak_machine import Clock, description, rates
from benchmarks.deepfreak_sides import COMMON, FailedError, Ours, Released, disagreement
from benchmarks.words import Command, listed, positive, switch, whole
from trainables.deepfreak.geometry import geometry
from trainables.deepfreak.options import Options
from trainables.deepfreak.topologies import topology

CHECKED_STEPS = 3
FIRST_STEP = {"float32": 1e-3, "bfloat16": 1e-1}
"""Largest relative difference of the first step's losses, by ours' precision."""
STEPS = 5e-2
"""The same over the first steps in one layout; nought where fused SGD rounds as plain SGD does."""

HEAD = (
    f"{'topology':<9}{'batch':>6}{'released':>10}{'ours':>10}{'ratio':>8}"
    f"{'floor ms':>10}{'bound':>9}{'of floor':>10}{'Δ loss':>10}{'Δ 3 steps':>11}"
)


class DisagreementError(RuntimeError):
    """The two loops do not compute the same: their times cannot be compared."""


@dataclass(frozen=True)
class Case:
    """What is the same for both sides.

    Attributes:
        topology: column of Table 9.
        batch: images per step.
        options: the trainable's, beyond `deepfreak_sides.COMMON`.
        device: cpu or cuda.
        folder: of the PNG files.
        workers: the released loop's loader processes.
    """

    topology: int
    batch: int
    options: Mapping[str, Any]
    device: str
    folder: Path
    workers: int

    def ours(self, data: Data) -> Ours:
        return Ours(data, self.topology, self.batch, self.options, self.device)

    def released(self, data: Data) -> Released:
        return Released(
            data, self.topology, self.batch, self.options, self.device, self.folder, self.workers
        )

    @property
    def precision(self) -> str:
        return str(self.options.get("precision", "float32"))

    def floor(self, data: Data) -> Floor:
        parsed = Options.parse({**COMMON, **self.options})
        column = topology(self.topology).resized(parsed.width, parsed.blocks)
        maps = geometry(column, data.image_shape, parsed.pool, len(data.classes))
        return floor_of(column, maps, ELEMENT_BYTES.get(self.precision, 4))


def agreement(case: Case, images: Path) -> tuple[float, float | None]:
    """Relative differences of the losses: first step as run, first steps in one layout (CPU).

    Raises:
        DisagreementError: one is more than rounding explains.
    """
    one = mapped(images, case.batch)
    first = disagreement(case.ours(one).epoch(), case.released(one).epoch())
    steps = None
    if case.device == "cpu":
        some = mapped(images, CHECKED_STEPS * case.batch)
        alike = replace(case, options={**case.options, "channels_last": False})
        steps = disagreement(alike.ours(some).epoch(), case.released(some).epoch())
    # Negated, so that what is not a number is refused too.
    if not first <= FIRST_STEP.get(case.precision, 1e-1) or not (steps is None or steps <= STEPS):
        raise DisagreementError(
            f"topology {case.topology}, batch {case.batch}: losses differ by {first:.1e} in the "
            f"first step{'' if steps is None else f', by {steps:.1e} over {CHECKED_STEPS}'}: the "
            "loops do not compute the same"
        )
    return first, steps


def turns(case: Case, data: Data, rounds: int) -> tuple[float, float, float]:
    """Median images/s of the released loop and of ours, and the median of the rounds' ratios."""
    clock = Clock(case.device)
    sides = (case.released(data), case.ours(data))
    for side in sides:  # warm
        side.epoch()
    taken: list[list[float]] = []
    for _ in range(rounds):
        seconds = []
        for side in sides:
            begun = clock.now()
            side.epoch()
            seconds.append(clock.now() - begun)
        taken.append(seconds)
    count = len(data.train.images)
    return (
        median(count / released for released, _ in taken),
        median(count / ours for _, ours in taken),
        median(released / ours for released, ours in taken),
    )


def row(case: Case, images: Path, count: int, rounds: int, reached: Rates) -> str:
    """One line of the table."""
    head = f"{case.topology:<9}{case.batch:>6}"
    try:
        first, steps = agreement(case, images)
        data = mapped(images, count)
        released, ours, ratio = turns(case, data, rounds)
    except (FailedError, torch.cuda.OutOfMemoryError) as failure:
        return f"{head}  {str(failure).splitlines()[0]}"
    floor = case.floor(data)
    least = floor.seconds(reached)
    return (
        f"{head}{released:>10.2f}{ours:>10.2f}{ratio:>7.2f}×{1e3 * least:>10.2f}"
        f"{floor.bound(reached):>9}{ours * least:>10.1%}{first:>10.1e}"
        f"{'' if steps is None else f'{steps:.1e}':>11}"
    )


def rows(
    given: Sequence[tuple[int, int]], common: Mapping[str, Any], size: int, count: int, rounds: int
) -> Iterator[str]:
    """Lines as they are measured."""
    device, precision = common["device"], str(common["options"].get("precision", "float32"))
    if device == "cpu":
        torch.set_num_threads(1)
    reached = rates(device, precision)
    yield (
        f"{description(device)}; {size} × {size} pixels, {count} images an epoch, {precision}; "
        f"medians of {rounds} rounds, {Clock(device).unit}"
    )
    yield (
        f"the machine: {reached.flop / 1e9:,.0f} GFLOP/s (matrix product), "
        f"{reached.memory / 1e9:,.1f} GB/s (copy)"
    )
    yield HEAD
    with tempfile.TemporaryDirectory(prefix="deepfreak-") as name:
        folder = Path(name)
        images = stored(folder, count, size)
        for number, batch in given:
            case = Case(number, batch, folder=folder / "png", **common)
            yield row(case, images, count, rounds, reached)


def main(
    short: bool = False,
    checkpoints: bool = False,
    device: str = "cpu",
    size: int | None = None,
    topologies: Sequence[int] | None = None,
    batches: Sequence[int] | None = None,
    rounds: int | None = None,
    images: int | None = None,
    workers: int | None = None,
    options: Mapping[str, Any] | None = None,
    width: float | None = None,
) -> None:
    """Print the table.

    Raises:
        UserError: the device is not there, or the options are none of the trainable's.
        DisagreementError: the loops do not compute the same.
    """
    wanted = deepfreak_words.checked(device, width, options)
    if device == "cpu" and workers:
        raise UserError("workers: the CPU's clock does not see loader processes; use workers=0")
    if checkpoints:
        topologies = topologies or ((10,) if short else (8, 10, 12))
        size, batches = size or (64 if short else 512), batches or (1,)
    else:
        topologies = topologies or ((10,) if short else (9, 10, 12, 13))
        size, batches = size or (64 if short else 128), batches or ((8,) if short else (1, 8, 32))
    rounds = rounds or (1 if short else 3)
    images = images or (16 if short else 4 if checkpoints else 96)
    step = lcm(*batches)
    count = step * max(-(-images // step), -(-CHECKED_STEPS * max(batches) // step))
    pairs = [(number, batch) for number in topologies for batch in batches]
    common = {
        "options": wanted,
        "device": device,
        "workers": int(device == "cuda") if workers is None else workers,
    }
    lines = (
        deepfreak_checkpoints.lines(pairs, wanted, device, size, count, rounds)
        if checkpoints
        else rows(pairs, common, size, count, rounds)
    )
    for line in lines:
        print(line, flush=True)


command = Command(
    main,
    {
        "device": deepfreak_words.device,
        "size": deepfreak_words.size,
        "topologies": deepfreak_words.topologies,
        "batches": listed(whole()),
        "rounds": whole(),
        "images": whole(),
        "width": positive,
        "workers": whole(0),
        "options": deepfreak_words.options,
        "checkpoints": switch,
        "short": switch,
    },
    failures=(DisagreementError,),
)

if __name__ == "__main__":
    raise SystemExit(command())
