"""One epoch of training and one pass of prediction. Nothing here knows of trials or files."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from trainables.deepfreak import augmentation
from trainables.deepfreak.data import Probabilities
from trainables.deepfreak.epoch_plan import EpochPlan
from trainables.deepfreak.images import DeviceImages
from trainables.deepfreak.network import DeepFreakNetwork
from trainables.deepfreak.normalisation import estimated_statistics, statistics_bounds
from trainables.deepfreak.stepping import Steps

CHECK_EVERY = 50  # steps between two looks at the losses; each look waits for the device


class DivergedError(Exception):
    """The loss or the logits are no longer finite; the text says where."""


@dataclass(frozen=True)
class EpochResult:
    """Means over the images of one epoch, each as the network was when it saw the image."""

    loss: float
    accuracy: float


def train_epoch(network: nn.Module, steps: Steps, plan: EpochPlan) -> EpochResult:
    """Take one step per batch.

    Args:
        network: what the steps train.
        steps: how they are taken.
        plan: the batches, their rates and their augmentation.

    Raises:
        DivergedError: the loss of a step is not finite.
    """
    network.train()
    tally = steps.begin(plan)
    checked = 0
    for step in range(len(plan.bounds)):
        steps.take(step)
        if (step + 1) % CHECK_EVERY == 0 or step + 1 == len(plan.bounds):
            _check(tally.losses[checked : step + 1], checked)
            checked = step + 1
    # A batch's loss is its mean: weighted by its length, the epoch's is the mean per image.
    lengths = np.array([stop - start for start, stop in plan.bounds], np.float64)
    per_batch = tally.losses.cpu().numpy().astype(np.float64)
    return EpochResult(
        loss=float(per_batch @ lengths / lengths.sum()),
        accuracy=int(tally.correct.item()) / int(lengths.sum()),
    )


CACHE_VALUES = 2**21
"""Of the largest map of a forward pass on a CPU. With maps that stay in its caches, an image of
512 × 512 takes half the time that it takes among 64 (8 filters, `benchmarks.screening_variants`);
networks with more parameters than that want larger batches, or reading those would take longest."""


@torch.inference_mode()
def predict(
    network: DeepFreakNetwork, images: DeviceImages, batch: int, views: int = 1
) -> Probabilities:
    """Class probabilities (n, k) of images that are classified together.

    Args:
        network: (n, h, w) grey levels to (n, k) logits; left in evaluation mode.
        images: the images to classify, at least one. Of them all, and of nothing else, batch
            normalisation takes its statistics if it evaluates with those of the target.
        batch: most images of a forward pass; of no effect on the result.
        views: symmetries of each image whose probabilities are averaged; see `augmentation.views`.
            Statistics of the target are taken of each by itself.

    Raises:
        DivergedError: a logit is not finite.
    """
    network.eval()
    if next(network.parameters()).device.type == "cpu":
        batch = min(batch, _fitting(network))
    tables = [_of_view(network, images, batch, symmetry) for symmetry in range(views)]
    return np.asarray(np.mean(tables, axis=0))


def _fitting(network: DeepFreakNetwork) -> int:
    parameters = sum(values.numel() for values in network.parameters())
    return max(1, max(CACHE_VALUES, parameters) // network.largest_map)


def _of_view(
    network: DeepFreakNetwork, images: DeviceImages, batch: int, symmetry: int
) -> Probabilities:
    def slice_of(start: int, stop: int) -> Tensor:
        return augmentation.view(images.slice(start, stop), symmetry)

    pieces, finite = [], []
    bounds = statistics_bounds(len(images), network.largest_map)
    with estimated_statistics(network, (slice_of(start, stop) for start, stop in bounds)):
        for start in range(0, len(images), batch):
            logits = network(slice_of(start, min(start + batch, len(images))))
            pieces.append(logits.double().softmax(1))
            finite.append(torch.isfinite(logits).all())
    if not bool(torch.stack(finite).all()):
        raise DivergedError("non-finite logits")
    return torch.cat(pieces).cpu().numpy()


def _check(losses: Tensor, first: int) -> None:
    finite = torch.isfinite(losses)
    if not bool(finite.all()):
        step = first + int((~finite).nonzero()[0].item()) + 1
        raise DivergedError(f"non-finite loss at step {step}")
