"""The two loops that are compared, behind one face: each has `epoch()`, which returns a loss.

Ours is the trainable itself, asked for one report after another, as a search asks it. Both begin
with the same weights and see the same images in the same order, in the same number of steps.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.deepfreak_data import Data, png_files
from benchmarks.deepfreak_released import PngImages, ReleasedLoop
from trainables.deepfreak import seeding
from trainables.deepfreak.hyperparameters import Hyperparameters
from trainables.deepfreak.mean_image import stored_mean
from trainables.deepfreak.options import Options
from trainables.deepfreak.run import Run, Workbench
from trainables.deepfreak.seeding import Stream
from trainables.deepfreak.trainable import DeepFreak

SEED = 0
EPOCHS = 10**6  # more than are ever asked for
LEARNING = {"learning_rate": 3e-3, "momentum": 0.9, "weight_decay": 1e-5}
COMMON = {"pool": "scaled", "mean": "scalar"}
"""Options of both sides: `scaled` equals Table 9 at 512 pixels, and the released code's mean."""


class FailedError(Exception):
    """Training ended with a status (out_of_memory, infeasible, diverged); the text says why."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


def configuration(topology: int, batch_size: int) -> dict[str, Any]:
    """Table 10's hyperparameters; those of learning do not matter to time."""
    return {"topology": topology, "batch_size": batch_size, **LEARNING}


class Ours:
    """The trainable, one epoch at a time; each also validates a single image."""

    def __init__(
        self, data: Data, topology: int, batch_size: int, options: Mapping[str, Any], device: str
    ) -> None:
        trainable = DeepFreak(data, {**COMMON, **options}, device)
        self._reports = trainable.train(
            configuration(topology, batch_size), seed=SEED, budget=EPOCHS, checkpoint=None
        )

    def epoch(self) -> float:
        """Mean loss of the images.

        Raises:
            FailedError: the trainable reports a failure.
        """
        report = next(self._reports)
        if "status" in report:
            raise FailedError(report["status"], report["reason"])
        return float(report["train_loss"])


class Released:
    """The released loop's equivalent, with torch's defaults for convolutions on a GPU."""

    def __init__(
        self,
        data: Data,
        topology: int,
        batch_size: int,
        options: Mapping[str, Any],
        device: str,
        folder: Path,
        workers: int = 0,
    ) -> None:
        """Prepare the files in `folder`.

        Args:
            data: the images.
            topology: column of Table 9.
            batch_size: images per step.
            options: of the network (width, blocks); it is float32 whatever ours is.
            device: cpu or cuda.
            folder: where the PNG files are, or will be.
            workers: loader processes; 0 reads in the training process.
        """
        network, mean = initial_network(data, topology, batch_size, options)
        files = PngImages(png_files(data, folder), data.train.labels.tolist(), mean)
        self._images = len(files)
        self._epoch = 0
        self._loop = ReleasedLoop(
            network, files, device, batch_size=batch_size, workers=workers, **LEARNING
        )

    def epoch(self) -> float:
        """Mean loss of the images; batches are of equal length."""
        generator = seeding.numpy_generator(SEED, Stream.ORDER, self._epoch)
        order = generator.permutation(self._images)
        self._epoch += 1
        with _default_convolutions():
            return self._loop.epoch(order)


@contextmanager
def _default_convolutions() -> Iterator[None]:
    """Torch's own choice of algorithms; the trainable sets these switches for its own sake."""
    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, cudnn.deterministic
    cudnn.benchmark, cudnn.deterministic = False, False
    try:
        yield
    finally:
        cudnn.benchmark, cudnn.deterministic = before


def initial_network(
    data: Data, topology: int, batch_size: int, options: Mapping[str, Any]
) -> tuple[torch.nn.Module, float]:
    """A copy of the untrained network behind its normalisation, and the mean it subtracts."""
    shape = {name: options[name] for name in ("width", "blocks") if name in options}
    parsed = Options.parse({**COMMON, **shape})
    mean = stored_mean(data, "scalar")
    bench = Workbench(data, parsed, torch.device("cpu"), mean)
    wanted = Hyperparameters.parse(configuration(topology, batch_size), parsed.defaults)
    return copy.deepcopy(Run(bench, wanted, SEED).network.resnet), float(mean)


def disagreement(ours: float, released: float) -> float:
    """Relative difference of two losses."""
    return float(np.abs(ours - released) / np.abs(released))
