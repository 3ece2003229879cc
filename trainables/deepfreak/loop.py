"""One epoch of training and one pass of prediction. Nothing here knows of trials or files."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from trainables.deepfreak import augmentation
from trainables.deepfreak.data import Probabilities
from trainables.deepfreak.images import DeviceImages

CHECK_EVERY = 50  # steps between two looks at the losses; each look waits for the device


class DivergedError(Exception):
    """The loss or the logits are no longer finite; the text says where."""


@dataclass(frozen=True)
class EpochResult:
    """Means over the images of one epoch, each as the network was when it saw the image."""

    loss: float
    accuracy: float


def train_epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    images: DeviceImages,
    labels: Tensor,
    order: Tensor,
    bounds: Sequence[tuple[int, int]],
    symmetries: Tensor | None = None,
) -> EpochResult:
    """Take one step per batch.

    Args:
        network: (n, h, w) grey levels to (n, k) logits.
        optimizer: of the network's parameters.
        images: the training images.
        labels: (n,) int64 on the device.
        order: (n,) int64 on the device, the order in which images are seen.
        bounds: the batches, as places in `order`.
        symmetries: (n,) uint8 on the device, one symmetry per place in `order`.

    Raises:
        DivergedError: the loss of a step is not finite.
    """
    network.train()
    losses = torch.zeros(len(bounds), device=order.device)
    correct = torch.zeros((), dtype=torch.int64, device=order.device)
    checked = 0
    for step, (start, stop) in enumerate(bounds):
        chosen = order[start:stop]
        batch, targets = images.take(chosen), labels[chosen]
        if symmetries is not None:
            batch = augmentation.apply(batch, symmetries[start:stop])
        logits = network(batch)
        loss = functional.cross_entropy(logits, targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses[step] = loss.detach()
        correct += (logits.detach().argmax(1) == targets).sum()
        if (step + 1) % CHECK_EVERY == 0 or step + 1 == len(bounds):
            _check(losses[checked : step + 1], checked)
            checked = step + 1
    # A batch's loss is its mean: weighted by its length, the epoch's is the mean per image.
    lengths = np.array([stop - start for start, stop in bounds], np.float64)
    per_batch = losses.cpu().numpy().astype(np.float64)
    return EpochResult(
        loss=float(per_batch @ lengths / lengths.sum()),
        accuracy=int(correct.item()) / int(lengths.sum()),
    )


@torch.inference_mode()
def predict(network: nn.Module, images: DeviceImages, batch: int) -> Probabilities:
    """Class probabilities (n, k) with the running statistics of batch normalisation.

    Args:
        network: (n, h, w) grey levels to (n, k) logits; left in evaluation mode.
        images: the images to classify.
        batch: images per forward pass.

    Raises:
        DivergedError: a logit is not finite.
    """
    network.eval()
    pieces, finite = [], []
    for start in range(0, len(images), batch):
        logits = network(images.slice(start, min(start + batch, len(images))))
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
