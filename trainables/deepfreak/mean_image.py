"""The mean of the training images, computed once per data set and shared by all workers."""

import os
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from trainables.deepfreak.data import Images, TrialData
from trainables.deepfreak.options import Mean

VERSION = 1  # raise when the computation changes: the store is keyed by it
_CHUNK = 256  # images held in memory at a time


def mean_image(images: Images) -> npt.NDArray[np.float32]:
    """The per-pixel mean (h, w) of (n, h, w) grey levels, rescaled to [0, 1]."""
    total = np.zeros(images.shape[1:], np.uint64)  # integers: exact in any order of summation
    for start in range(0, len(images), _CHUNK):
        total += images[start : start + _CHUNK].sum(axis=0, dtype=np.uint64)
    return (total / (255.0 * len(images))).astype(np.float32)


def stored_mean(data: TrialData, kind: Mean) -> Tensor:
    """The mean to subtract: (h, w) for `pixel`, () for `scalar`; from the store if it is there.

    A stored file that cannot be read, or is of another shape, is computed anew.
    """
    path = Path(data.cache) / f"mean-image-{data.train.digest}-v{VERSION}.npy"
    mean = _read(path, data.image_shape)
    if mean is None:
        mean = mean_image(data.train.images)
        _write(path, mean)
    return torch.tensor(mean if kind == "pixel" else mean.mean(dtype=np.float64).astype(np.float32))


def _read(path: Path, shape: tuple[int, int]) -> npt.NDArray[np.float32] | None:
    try:
        mean = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    readable = mean.dtype == np.float32 and mean.shape == tuple(shape)
    return mean if readable and np.isfinite(mean).all() else None


def _write(path: Path, mean: npt.NDArray[np.float32]) -> None:
    # Workers may race; each writes a whole file of its own and the last rename wins.
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.save(file, mean)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
