"""The steps of an epoch: one gradient step per batch, every kernel launched on its own."""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from trainables.deepfreak import augmentation
from trainables.deepfreak.epoch_plan import EpochPlan
from trainables.deepfreak.images import DeviceImages

Criterion = Callable[[Tensor, Tensor], Tensor]


class Tally:
    """What an epoch's steps add up, on the device: each step's loss, and the right predictions."""

    def __init__(self, steps: int, device: torch.device) -> None:
        self.losses = torch.zeros(steps, device=device)
        self.correct = torch.zeros((), dtype=torch.int64, device=device)


class Steps(Protocol):
    """A way to take the steps of an epoch."""

    def begin(self, plan: EpochPlan) -> Tally:
        """Take the plan of an epoch; return what its steps add to."""

    def take(self, step: int) -> None:
        """Take one step."""


class EagerSteps:
    """Steps taken one by one.

    Args:
        forward: (n, h, w) grey levels to (n, k) logits.
        optimizer: of the network's parameters.
        images: the training images.
        labels: (n,) int64 on the device.
        criterion: (n, k) logits and (n,) labels to the loss () that is minimised.
    """

    def __init__(
        self,
        forward: Callable[[Tensor], Tensor],
        optimizer: torch.optim.Optimizer,
        images: DeviceImages,
        labels: Tensor,
        criterion: Criterion,
    ) -> None:
        self._forward = forward
        self._optimizer = optimizer
        self._images = images
        self._labels = labels
        self._criterion = criterion
        self._plan: EpochPlan
        self._tally: Tally

    def begin(self, plan: EpochPlan, tally: Tally | None = None) -> Tally:
        """Take the plan of an epoch; return what its steps add to, a new one if none is given."""
        self._plan = plan
        self._tally = tally or Tally(len(plan.bounds), plan.order.device)
        return self._tally

    def take(self, step: int) -> None:
        """Take one step."""
        plan = self._plan
        start, stop = plan.bounds[step]
        for group in self._optimizer.param_groups:
            group["lr"] = plan.rates[step]
        loss, correct = self.of_batch(
            plan.order[start:stop],
            None if plan.symmetries is None else plan.symmetries[start:stop],
            None if plan.intensities is None else plan.intensities[start:stop],
        )
        self._tally.losses[step] = loss
        self._tally.correct += correct

    def of_batch(
        self, chosen: Tensor, symmetries: Tensor | None, intensities: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Step on the chosen images; loss () and right predictions () as they were before."""
        batch, targets = self._images.take(chosen), self._labels[chosen]
        if symmetries is not None:
            batch = augmentation.apply(batch, symmetries)
        if intensities is not None:
            batch = augmentation.scale(batch, intensities)
        logits = self._forward(batch)
        loss = self._criterion(logits, targets)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return loss.detach(), (logits.detach().argmax(1) == targets).sum()
