"""What a checkpoint costs: written and read again, against an epoch of the paper's images."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.deepfreak_data import Data, mapped, stored
from benchmarks.deepfreak_machine import Clock, description
from benchmarks.deepfreak_sides import COMMON, SEED, configuration
from trainables.deepfreak import checkpoint as checkpoints
from trainables.deepfreak.hyperparameters import Hyperparameters
from trainables.deepfreak.mean_image import stored_mean
from trainables.deepfreak.options import Options
from trainables.deepfreak.run import InfeasibleError, Run, Workbench
from trainables.deepfreak.trainable import DeepFreak

EPOCH_IMAGES = 10_000
REPEATS = 5
HEAD = (
    f"{'topology':<9}{'batch':>6}{'MB':>8}{'write s':>10}{'read s':>10}"
    f"{'images/s':>10}{'epoch s':>10}{'of epoch':>10}"
)


def written_and_read(run: Run, path: Path) -> tuple[float, float]:
    """Median seconds of the wall to write a run to disk, synchronised, and to take it up again."""
    writing, reading = [], []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        checkpoints.write(path, run.checkpoint())
        between = time.perf_counter()
        run.restore(checkpoints.read(path))
        reading.append(time.perf_counter() - between)
        writing.append(between - begun)
    return median(writing), median(reading)


def share(write: float, read: float, images_per_second: float) -> float:
    """Seconds of a checkpoint by those of an epoch of the paper's images."""
    return (write + read) * images_per_second / EPOCH_IMAGES


def line(bench: Workbench, pair: tuple[int, int], device: str, folder: Path, rounds: int) -> str:
    """One line of the table."""
    number, batch = pair
    head = f"{number:<9}{batch:>6}"
    wanted = Hyperparameters.parse(configuration(number, batch), bench.options.defaults)
    try:
        run = Run(bench, wanted, SEED)
    except InfeasibleError as error:
        return f"{head}  infeasible: {error}"
    run.advance()  # warm, and the momentum is there
    clock, taken = Clock(device), []
    for _ in range(rounds):
        begun = clock.now()
        run.advance()
        taken.append(clock.now() - begun)
    path = folder / "it.ckpt"
    write, read = written_and_read(run, path)
    speed = len(bench.train_images) / median(taken)
    return (
        f"{head}{path.stat().st_size / 1e6:>8.1f}{write:>10.3f}{read:>10.3f}{speed:>10.2f}"
        f"{EPOCH_IMAGES / speed:>10.1f}{share(write, read, speed):>10.3%}"
    )


def lines(
    pairs: Sequence[tuple[int, int]],
    options: Mapping[str, Any],
    device: str,
    size: int,
    images: int,
    rounds: int,
) -> Iterator[str]:
    """Lines as they are measured."""
    with tempfile.TemporaryDirectory(prefix="deepfreak-") as name:
        folder = Path(name)
        data = mapped(stored(folder, images, size), images)
        bench = workbench(data, options, device)
        yield (
            f"{description(device)}; {size} × {size} pixels; epochs of {EPOCH_IMAGES:,} images, "
            f"projected from {images} ({Clock(device).unit}); checkpoints in wall time, on disk "
            f"below {folder.parent}"
        )
        yield HEAD
        for pair in pairs:
            yield line(bench, pair, device, folder, rounds)


def workbench(data: Data, options: Mapping[str, Any], device: str) -> Workbench:
    parsed = Options.parse({**COMMON, **options})
    DeepFreak(data, {**COMMON, **options}, device)  # sets torch's switches as a search has them
    return Workbench(data, parsed, torch.device(device), stored_mean(data, parsed.mean))
