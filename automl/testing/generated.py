"""A small problem that costs nothing, for trainables that take any images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from automl.plugins import Images, TrainingData
from automl.scoring import Labels


@dataclass(frozen=True)
class GeneratedSplit:
    """One split of generated images; see :class:`automl.plugins.Split`."""

    images: Images
    labels: Labels
    names: tuple[str, ...]
    digest: str


def generated_data(
    cache: Path,
    *,
    classes: int = 3,
    size: int = 16,
    train: int = 24,
    validation: int = 12,
    seed: int = 0,
) -> TrainingData:
    """Return noisy images, of which those of class k have k bright spots.

    Args:
        cache: A folder that the trainable may write to.
        classes: How many; images take turns, so that all are present.
        size: Edge in pixels.
        train: How many images the training split has.
        validation: How many the validation split has.
        seed: Of positions and noise.
    """
    rng = np.random.default_rng(seed)
    return TrainingData(
        classes=tuple(f"{number} spots" for number in range(classes)),
        image_shape=(size, size),
        train=_split(rng, "train", train, classes, size),
        validation=_split(rng, "validation", validation, classes, size),
        projection=tuple(range(classes)),
        cache=cache,
    )


def _split(
    rng: np.random.Generator, name: str, count: int, classes: int, size: int
) -> GeneratedSplit:
    labels = np.arange(count, dtype=np.int64) % classes
    rows, columns = np.mgrid[:size, :size]
    images = rng.normal(30.0, 6.0, (count, size, size))
    for image, label in zip(images, labels, strict=True):
        for row, column in rng.uniform(0, size, (label, 2)):
            image += 180.0 * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 3.0)
    return GeneratedSplit(
        images=np.clip(images, 0, 255).astype(np.uint8),
        labels=labels,
        names=tuple(f"{name}/{number}.png" for number in range(count)),
        digest=f"generated-{name}-{count}-{classes}-{size}",
    )
