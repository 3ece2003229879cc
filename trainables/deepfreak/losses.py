"""What training minimises: cross-entropy with the labels, or with targets spread over classes."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Loss = Literal["cross_entropy", "ordinal"]


class Criterion:
    """The mean over a batch of the cross-entropy between targets and predictions."""

    def __init__(self, targets: Tensor | None) -> None:
        """Take what each label stands for.

        Args:
            targets: (k, k) float32 on the device, a distribution over the classes per label; None
                for the labels themselves.
        """
        self._targets = targets

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss () of (n, k) logits and (n,) int64 labels."""
        return functional.cross_entropy(
            logits, labels if self._targets is None else self._targets[labels]
        )


def target_distributions(
    classes: Sequence[str],
    *,
    loss: Loss,
    smoothing: float,
    ordered: Sequence[str],
    sharpness: float,
) -> Tensor | None:
    """What each label stands for: a row per class, (k, k) float32; None for one-hot targets.

    Args:
        classes: names of the k classes.
        loss: `ordinal` spreads a label among the ordered classes over all of them with
            softmax(-distance × sharpness), distances counted in places (SORD, Diaz & Marathe
            2019). The other classes stay as they are, and so do all with `cross_entropy`.
        smoothing: share of every target that is spread evenly over all classes (Szegedy et al.
            2016).
        ordered: the ordered classes, in their order.
        sharpness: of the softmax.

    Raises:
        ValueError: `ordinal`, and the data lack one of the ordered classes.
    """
    if loss == "cross_entropy" and smoothing == 0:
        return None
    targets = torch.eye(len(classes), dtype=torch.float64)
    if loss == "ordinal":
        missing = [name for name in ordered if name not in classes]
        if missing:
            raise ValueError(
                f"loss ordinal: the data have no class {' or '.join(missing)} "
                f"(their classes: {', '.join(classes)}); set option ordered_classes, or use "
                "loss cross_entropy"
            )
        places = torch.tensor([classes.index(name) for name in ordered])
        ranks = torch.arange(len(ordered), dtype=torch.float64)
        distances = (ranks[:, None] - ranks[None, :]).abs()
        targets[places[:, None], places[None, :]] = (-distances * sharpness).softmax(1)
    return ((1 - smoothing) * targets + smoothing / len(classes)).float()
