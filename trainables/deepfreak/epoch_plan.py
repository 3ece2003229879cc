"""Everything about one epoch that is settled before its first step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.deepfreak import augmentation, schedule, seeding
from trainables.deepfreak.hyperparameters import Hyperparameters
from trainables.deepfreak.options import Options
from trainables.deepfreak.seeding import Stream


@dataclass(frozen=True)
class EpochPlan:
    """The batches of one epoch and what is done to each.

    Attributes:
        order: (n,) int64 on the device, the order in which images are seen.
        bounds: the batches, as places in `order`.
        rates: the learning rate of each batch.
        symmetries: (n,) uint8 on the device, one symmetry per place in `order`, or None.
        intensities: (n,) float32 on the device, one factor per place in `order`, or None.
    """

    order: Tensor
    bounds: Sequence[tuple[int, int]]
    rates: Sequence[float]
    symmetries: Tensor | None = None
    intensities: Tensor | None = None


def plan_epoch(
    hyperparameters: Hyperparameters,
    options: Options,
    *,
    seed: int,
    epoch: int,
    bounds: Sequence[tuple[int, int]],
    square: bool,
    device: torch.device,
) -> EpochPlan:
    """Draw an epoch's order and augmentation: a function of (seed, epoch) alone.

    Args:
        hyperparameters: of the run.
        options: of the search.
        seed: of the run.
        epoch: counted from 0.
        bounds: the batches, as places in the order.
        square: whether images have as many rows as columns.
        device: where the tensors are wanted.
    """
    images = bounds[-1][1]
    order = seeding.numpy_generator(seed, Stream.ORDER, epoch).permutation(images)
    symmetries = intensities = None
    if hyperparameters.symmetries == "dihedral":
        generator = seeding.numpy_generator(seed, Stream.AUGMENTATION, epoch)
        drawn = augmentation.draw(generator, images, square)
        symmetries = torch.from_numpy(drawn).to(device)
    if hyperparameters.intensity_range > 0:
        generator = seeding.numpy_generator(seed, Stream.INTENSITY, epoch)
        factors = augmentation.draw_intensities(generator, images, hyperparameters.intensity_range)
        intensities = torch.from_numpy(factors).to(device)
    return EpochPlan(
        order=torch.from_numpy(order).to(device),
        bounds=bounds,
        rates=_rates(hyperparameters, options, epoch, len(bounds)),
        symmetries=symmetries,
        intensities=intensities,
    )


def _rates(
    hyperparameters: Hyperparameters, options: Options, epoch: int, steps: int
) -> tuple[float, ...]:
    if hyperparameters.rate_schedule == "one_cycle":
        return tuple(
            schedule.one_cycle(
                hyperparameters.learning_rate, epoch * steps + step, options.cycle_epochs * steps
            )
            for step in range(steps)
        )
    rate = schedule.learning_rate(
        hyperparameters.learning_rate,
        epoch,
        every=options.decay_epochs,
        rate=options.decay_rate,
        released=options.released_lr,
    )
    return (rate,) * steps
