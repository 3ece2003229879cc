"""When things change: the learning rate over epochs and the division of an epoch into batches."""

import math
from typing import Literal

RateSchedule = Literal["steps", "one_cycle"]

# Of the one-cycle schedule: the shape of torch.optim.lr_scheduler.OneCycleLR.
WARM_UP = 0.3  # share of the cycle in which the rate rises
START = 1 / 25  # of the highest rate
FLOOR = 1e-4


def learning_rate(initial: float, epoch: int, *, every: int, rate: float, released: bool) -> float:
    """The learning rate of an epoch: decayed every few epochs (paper §4.3).

    It depends on the absolute epoch alone, not on the budget, so that a configuration promoted to
    a larger budget continues where it was.

    Args:
        initial: the configuration's learning rate.
        epoch: counted from 0.
        every: epochs between decays (10).
        rate: factor of each decay (0.1).
        released: decay once more from epoch 0, as the released search did; its learning rates
            were a tenth of what they said.
    """
    return initial * rate ** (epoch // every + int(released))


def one_cycle(highest: float, step: int, steps: int) -> float:
    """The learning rate of a step within one cycle (Smith & Topin 2018), both halves cosines.

    It rises from a 25th to the highest rate in the first 30 % of the steps and falls to a
    10,000th of it at the last; there it stays. It depends on the absolute step alone. Unlike
    theirs the cycle leaves the momentum as the configuration has it.

    Args:
        highest: the configuration's learning rate.
        step: counted from 0 over all epochs.
        steps: length of the cycle.
    """
    top, last = WARM_UP * steps - 1, steps - 1
    if step >= last:
        return highest * FLOOR
    if step <= top:
        return _cosine(highest * START, highest, step / top)
    return _cosine(highest, highest * FLOOR, (step - top) / (last - top))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (math.cos(math.pi * share) + 1)


def batch_bounds(images: int, batch_size: int, smallest: int = 1) -> list[tuple[int, int]]:
    """Cut `images` into batches; the last may be incomplete.

    A last batch of fewer than `smallest` images joins the batch before it: batch normalisation
    of 1 × 1 maps has no variance to take from a single image.

    Raises:
        ValueError: no division has batches of `smallest` images.
    """
    if min(images, batch_size) < smallest:
        raise ValueError(f"batches of {min(images, batch_size)} are smaller than {smallest}")
    bounds = [(start, min(start + batch_size, images)) for start in range(0, images, batch_size)]
    if bounds[-1][1] - bounds[-1][0] < smallest:
        bounds[-2:] = [(bounds[-2][0], images)]
    return bounds
