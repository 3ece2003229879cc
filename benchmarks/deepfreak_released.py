"""The equivalent of the released training loop (models/deepfreak.py of the paper's code).

Written anew from what that code does: PNG files are read and decoded one by one, as RGB, made
grey, made floats and normalised by a scalar mean; tensors lie in torch's default layout; plain
SGD steps parameter by parameter on gradients that are zeroed in place, as torch did in its time;
each step fetches the loss, the hits and the predictions. As there, the images are read by the
training process itself on the CPU, and by one loader process into pinned memory on a GPU. What
the original does between epochs (metrics, files) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler


class PngImages(Dataset[tuple[Tensor, int]]):
    """Files and their classes; each access reads and decodes."""

    def __init__(self, paths: Sequence[Path], labels: Sequence[int], mean: float) -> None:
        self._paths = paths
        self._labels = labels
        self._mean = mean

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        """A normalised image, (1, h, w) float32, and its class."""
        with self._paths[place].open("rb") as file, Image.open(file) as image:
            grey = image.convert("RGB").convert("L")
        pixels = torch.from_numpy(np.array(grey)).unsqueeze(0)
        return pixels.float().div(255).sub_(self._mean).div_(1.0), self._labels[place]


class Ordered(Sampler[int]):
    """Hands out the places in the order set last."""

    def __init__(self) -> None:
        self.order: list[int] = []

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[int]:
        return iter(self.order)


class ReleasedLoop:
    """A network in training, epoch by epoch."""

    def __init__(
        self,
        network: nn.Module,
        images: PngImages,
        device: str,
        *,
        batch_size: int,
        learning_rate: float,
        momentum: float,
        weight_decay: float,
        workers: int = 0,
    ) -> None:
        """Take a network of normalised images, (n, 1, h, w) to logits, with its first weights."""
        self.network = network.to(device).to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        self._device = device
        self._order = Ordered()
        # Workers are kept from epoch to epoch, or epochs of a few steps would measure their start.
        self._loader = DataLoader(
            images,
            batch_size,
            sampler=self._order,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=device == "cuda",
        )
        self._loss = nn.CrossEntropyLoss()
        self._optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=learning_rate,
            momentum=momentum,
            weight_decay=weight_decay,
            foreach=False,
            fused=False,
        )

    def epoch(self, order: npt.NDArray[np.int64]) -> float:
        """Train on the images in the given order; return the mean of the steps' losses."""
        self.network.train()
        self._order.order = order.tolist()
        losses, hits, predictions = [], 0, []
        for inputs, labels in self._loader:
            inputs, labels = inputs.to(self._device), labels.to(self._device)
            self._optimizer.zero_grad(set_to_none=False)
            outputs = self.network(inputs)
            loss = self._loss(outputs, labels)
            loss.backward()
            self._optimizer.step()
            predicted = outputs.detach().argmax(1)
            hits += (predicted == labels).sum().item()
            losses.append(loss.item())
            predictions += predicted.tolist()
        return float(np.mean(losses))
