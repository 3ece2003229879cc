"""When things change: the learning rate over epochs and the division of an epoch into batches."""


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
