"""What trials will cost on this machine, from a few steps of some of their topologies.

Within a topology a step is taken to cost c + b·e seconds with b images; topologies that are not
measured are interpolated by their multiplications and the values of their maps.
"""

import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
import torch
from scipy.optimize import nnls

from trainables.deepfreak import checkpoint as checkpoints
from trainables.deepfreak import loop
from trainables.deepfreak.data import Images, Labels, Probabilities, TrialData
from trainables.deepfreak.geometry import EXPANSION, Geometry, Topology, geometry
from trainables.deepfreak.hyperparameters import Hyperparameters
from trainables.deepfreak.mean_image import mean_image
from trainables.deepfreak.options import Options
from trainables.deepfreak.run import InfeasibleError, Run, Workbench
from trainables.deepfreak.schedule import batch_bounds
from trainables.deepfreak.topologies import topology

STEPS = 4
"""Steps of the smallest batches that make a measurement; of larger ones, as many images."""
FEWEST = 3
"""Topologies for which a probe may take three times as long as it should."""
_RATE = 1e-4  # a learning rate at which nothing diverges while it is measured
_GUESS = 1e9  # multiplications a second before anything is measured, on the safe side
_PASSES = 8  # passes of multiplications that a first measurement of an image takes: two epochs
LARGE = 32
"""Images of the largest batch that is measured: beyond it a step grows in proportion."""
_LEAST = 0.3  # of a large batch's time that its images take, against noise
_STATE = 8  # bytes of a checkpoint for each parameter: weight and momentum


@dataclass(frozen=True)
class Cost:
    """Seconds of one topology: a step, an image in it, an image classified, its network built."""

    step: float
    image: float
    classified: float
    built: float
    written: float


def probe(
    data: TrialData,
    options: Options,
    device: torch.device,
    configurations: Sequence[Mapping[str, Any]],
    *,
    images: tuple[int, int],
    seconds: float,
) -> dict[str, Any]:
    """Measure and price configurations; see `automl.probing.protocols.Probing`.

    Nothing is compiled, whatever the options: that would take longer than a probe may.

    Args:
        data: images like those of the search; none of its files is written.
        options: of the search.
        device: where to measure.
        configurations: to be priced.
        images: how many the training and the validation split will have.
        seconds: after which no further topology is begun.
    """
    options = replace(options, compile=False)
    wanted = [Hyperparameters.parse(one, options.defaults) for one in configurations]
    shapes = _shapes(wanted, options, data)
    sizes = sorted({one.batch_size for one in wanted})
    first = {number: next(one for one in wanted if one.topology == number) for number in shapes}
    measured = dict(_measured(first, shapes, sizes, data, options, device, seconds))
    costs = _completed(measured, shapes)
    few, many = sizes[0], min(sizes[-1], max(LARGE, sizes[0]))
    return {
        "trials": [_price(one, costs.get(one.topology), options, images) for one in wanted],
        "basis": f"steps of {few} to {many} images in {len(measured)} of {len(shapes)} topologies",
        "kept_bytes": _STATE * max((shape.parameters for shape, _ in shapes.values()), default=0),
    }


def _price(
    wanted: Hyperparameters, cost: Cost | None, options: Options, images: tuple[int, int]
) -> list[float] | None:
    if cost is None:
        return None
    training, validation = images
    steps = len(batch_bounds(training, wanted.batch_size))
    epoch = steps * cost.step + training * cost.image + validation * cost.classified
    return [cost.built, epoch + cost.written / options.checkpoint_every, cost.classified]


Shapes = dict[int, tuple[Geometry, float]]  # by topology; with the values of an image's maps


def _shapes(wanted: Sequence[Hyperparameters], options: Options, data: TrialData) -> Shapes:
    found: Shapes = {}
    for number in dict.fromkeys(one.topology for one in wanted):
        column = topology(number).resized(options.width, options.blocks)
        try:
            shape = geometry(column, data.image_shape, options.pool, len(data.classes))
        except ValueError:
            continue  # no trial of it will run
        found[number] = shape, _values(column, shape)
    return found


def _values(column: Topology, shape: Geometry) -> float:
    """Values of all maps of an image, about: what has to be moved where nothing is multiplied."""
    total = column.filters * math.prod(shape.first_convolution)
    for stage, side in enumerate(shape.stages):
        inner = column.filters * 2**stage
        total += column.blocks[stage] * inner * (2 + EXPANSION) * math.prod(side)
    return float(total)


def _measured(
    first: Mapping[int, Hyperparameters],
    shapes: Shapes,
    sizes: Sequence[int],
    data: TrialData,
    options: Options,
    device: torch.device,
    seconds: float,
) -> Iterator[tuple[int, Cost]]:
    """Measure the cheapest topology, and others while there is time for them."""
    begin = time.perf_counter()
    mean = torch.tensor(mean_image(data.train.images[:64]))
    bench = _Bench(data, options, device, mean if options.mean == "pixel" else mean.mean())
    cheapest = min(shapes, key=lambda number: shapes[number][0].macs, default=None)
    rate = _GUESS if device.type == "cpu" else 1e3 * _GUESS
    count = 0
    for number in dict.fromkeys(n for n in (cheapest, *shapes) if n is not None):
        # A few are worth waiting for: all others are interpolated.
        left = seconds * (1 if count >= FEWEST else 3) - (time.perf_counter() - begin)
        macs = shapes[number][0].macs
        affordable = int(left * rate / (_PASSES * macs))
        if number != cheapest and affordable < sizes[0]:
            continue
        mark = time.perf_counter()
        try:
            cost, passed = bench.cost(first[number], sizes, max(affordable, 2))
        except (InfeasibleError, loop.DivergedError):
            continue
        rate = max(rate, passed * _PASSES * macs / (time.perf_counter() - mark))
        count += 1
        yield number, cost


def _completed(measured: Mapping[int, Cost], shapes: Shapes) -> dict[int, Cost]:
    """Return all topologies' costs, those that were not measured in proportion to their size."""
    if not measured:
        return {}
    known = np.array([[shapes[number][0].macs, shapes[number][1]] for number in measured])
    scale = known.max(axis=0)
    costs = list(measured.values())
    weights, _ = nnls(known / scale, np.array([cost.image for cost in costs]))
    found = dict(measured)
    for number, (shape, values) in shapes.items():
        if number not in found:
            image = float(np.array([shape.macs, values]) / scale @ weights)
            share = fmean(cost.classified for cost in costs) / fmean(cost.image for cost in costs)
            found[number] = Cost(
                step=median(cost.step for cost in costs),
                image=image,
                classified=image * share,
                built=median(cost.built for cost in costs),
                written=median(cost.written for cost in costs),
            )
    return found


class _Bench:
    """Times runs on a few images."""

    def __init__(
        self, data: TrialData, options: Options, device: torch.device, mean: torch.Tensor
    ) -> None:
        self._data = data
        self._options = options
        self._device = device
        self._mean = mean

    def cost(
        self, wanted: Hyperparameters, sizes: Sequence[int], affordable: int
    ) -> tuple[Cost, int]:
        """Measure one topology; return also how many images have passed.

        Args:
            wanted: a configuration of it.
            sizes: batch sizes that occur, ascending.
            affordable: images of one size of batch that there is time for.
        """
        small = min(sizes[0], affordable)
        few = small * max(1, min(STEPS, affordable // small))
        large = some = max(min(sizes[-1], LARGE, affordable), small)
        slow = self._run(wanted, small, few)
        if large <= 2 * small:
            image = slow.trained / few
            return replace(slow.cost, image=image), 2 * few
        fast = self._run(wanted, large, some)
        # Both took steps · step + images · image.
        more = fast.trained / some - slow.trained / few
        image = fast.trained / some - more / (1 / large - 1 / small) / large
        # A step with hardly any images is not free, nor are images in a large one.
        image = min(max(image, _LEAST * fast.trained / some), fast.trained / some)
        step = max((slow.trained - few * image) / (few / small), 0.0)
        return replace(fast.cost, step=step, image=image), 2 * (few + some)

    def _run(self, wanted: Hyperparameters, batch: int, images: int) -> "_Timed":
        data = _few(self._data, images)
        bench = Workbench(data, self._options, self._device, self._mean)
        mark = time.perf_counter()
        run = Run(bench, replace(wanted, batch_size=batch, learning_rate=_RATE), 0)
        built = time.perf_counter() - mark
        run.advance()  # memory is allocated and kernels are chosen
        epoch = _timed(run.advance)
        size = self._options.evaluation_batch
        validated = _timed(lambda: loop.predict(run.network, bench.validation_images, size))
        with tempfile.TemporaryDirectory() as folder:
            written = _timed(lambda: checkpoints.write(Path(folder) / "c", run.checkpoint()))
        cost = Cost(0.0, 0.0, validated / images, built, written)
        return _Timed(max(epoch - validated, 0.1 * epoch), cost)


@dataclass(frozen=True)
class _Timed:
    trained: float
    cost: Cost


def _timed(work: Any) -> float:
    """Return the seconds of work, the mean of more than one run where that is soon done."""
    begin, count, taken = time.perf_counter(), 0, 0.0
    while count < 3 and taken < 0.1:
        work()
        count += 1
        taken = time.perf_counter() - begin
    return taken / count


@dataclass(frozen=True)
class _Split:
    images: Images
    labels: Labels
    digest: str


@dataclass(frozen=True)
class _Few:
    """A few images in the place of a data set; nothing is ever stored of them."""

    classes: tuple[str, ...]
    image_shape: tuple[int, int]
    train: _Split
    validation: _Split
    cache: Path

    def score(self, probabilities: Probabilities) -> dict[str, float]:
        """The accuracy; its value is of no interest."""
        return {"validation_accuracy": float((probabilities.argmax(1) == self.train.labels).mean())}


def _few(data: TrialData, images: int) -> _Few:
    indices = np.arange(images) % min(images, len(data.train.labels))
    split = _Split(data.train.images[indices], data.train.labels[indices], "probe")
    return _Few(data.classes, data.image_shape, split, split, data.cache)
