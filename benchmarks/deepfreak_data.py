"""Images for the benchmarks of DeepFreak: mapped as searches have them, and as PNG files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from diffranet.domains import CLASSES

Images = npt.NDArray[np.uint8]

DISTINCT = 40  # simulated images; a larger set repeats them, which takes a loop no less time


@dataclass(frozen=True)
class Split:
    images: Images
    labels: npt.NDArray[np.int64]
    digest: str


@dataclass(frozen=True)
class Data:
    """Training images, and a single one to validate on, so that an epoch is all training."""

    train: Split
    validation: Split
    cache: Path
    classes: tuple[str, ...] = CLASSES

    @property
    def image_shape(self) -> tuple[int, int]:
        rows, columns = self.train.images.shape[1:]
        return rows, columns

    def score(self, probabilities: npt.NDArray[np.float64]) -> dict[str, float]:
        hits = probabilities.argmax(1) == self.validation.labels
        return {"validation_accuracy": float(hits.mean()), "validation_loss": 0.0}


def stored(folder: Path, images: int, size: int) -> Path:
    """Simulate images into a file that can be mapped; return the file."""
    # Imported here: processes that only read the file need neither compilers nor extractors.
    from benchmarks.features import simulated

    distinct = simulated(min(images, DISTINCT), size)
    path = folder / "images.npy"
    np.save(path, distinct[np.arange(images) % len(distinct)])
    return path


def mapped(path: Path, images: int) -> Data:
    """The first images of a file, as a worker of a search sees them."""
    pixels = np.load(path, mmap_mode="r")[:images]
    labels = np.arange(images, dtype=np.int64) % len(CLASSES)
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()[:16]
    return Data(
        Split(pixels, labels, digest), Split(pixels[:1], labels[:1], digest), path.parent / "cache"
    )


def png_files(data: Data, folder: Path) -> list[Path]:
    """Write the training images as files of one grey level a pixel, as the data set has them."""
    folder.mkdir(exist_ok=True)
    paths = []
    for number, pixels in enumerate(data.train.images):
        path = folder / f"{number:05}.png"
        if not path.exists():
            Image.fromarray(np.asarray(pixels)).save(path)
        paths.append(path)
    return paths
