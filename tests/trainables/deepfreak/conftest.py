"""A small generated problem that behaves like the data set, and a data object like its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

CLASSES = ("blank", "no-crystal", "weak", "good", "strong")
PHOTONS = ((35, 80), (180, 400), (900, 2500))  # of a spot: weak, good, strong
SPOT = np.array([[1, 2, 1], [2, 8, 2], [1, 2, 1]]) / 20


@dataclass(frozen=True)
class Split:
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    digest: str = "0" * 16


@dataclass
class Data:
    train: Split
    validation: Split
    cache: Path
    classes: tuple[str, ...] = CLASSES
    scored: list[npt.NDArray[np.float64]] = field(default_factory=list)

    @property
    def image_shape(self) -> tuple[int, int]:
        return self.train.images.shape[1:]

    def score(self, probabilities: npt.NDArray[np.float64]) -> dict[str, float]:
        self.scored.append(probabilities)
        labels = self.validation.labels
        chosen = probabilities[np.arange(len(labels)), labels]
        return {
            "validation_accuracy": float((probabilities.argmax(1) == labels).mean()),
            "validation_loss": float(-np.log(np.maximum(chosen, 1e-12)).mean()),
        }


def pattern(rng: np.random.Generator, label: int, size: int) -> npt.NDArray[np.uint8]:
    """One image: read noise; water ring; or ring and Bragg spots of growing strength."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    radius = np.hypot(y, x) / size
    photons = np.zeros((size, size))
    if label:
        photons += 60 * np.exp(-((radius / 0.2) ** 2)) + 30 * np.exp(
            -(((radius - 0.3) / 0.05) ** 2)
        )
    if label > 1:
        for _ in range(rng.integers(40, 111) * size**2 // 128**2 + 4):
            row, column = rng.integers(1, size - 1, 2)
            near = np.s_[row - 1 : row + 2, column - 1 : column + 2]
            photons[near] += rng.uniform(*PHOTONS[label - 2]) * SPOT
    counts = rng.poisson(photons) * rng.normal(1, 0.04, photons.shape)
    counts = np.clip(counts + rng.normal(0, 3, photons.shape) + 10, 0, 65025)
    return np.sqrt(counts).round().astype(np.uint8)


def split(seed: int, images: int, size: int) -> Split:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(images) % len(CLASSES)).astype(np.int64)
    pixels = np.stack([pattern(rng, int(label), size) for label in labels])
    pixels.setflags(write=False)  # as a read-only memory map
    return Split(pixels, labels, digest=f"{seed}-{images}-{size}")


@pytest.fixture
def make_data(tmp_path: Path) -> Callable[..., Data]:
    def make(train: int = 24, validation: int = 10, size: int = 32, **changes: Any) -> Data:
        return Data(
            split(1, train, size), split(2, validation, size), tmp_path / "cache", **changes
        )

    return make


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
