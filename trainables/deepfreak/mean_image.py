"""The mean of the training images, computed once per data set and shared by all workers."""

import os
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from trainables import grey_levels as definitions
from trainables.deepfreak.data import Images, TrialData
from trainables.deepfreak.grey_levels import normalise
from trainables.deepfreak.options import Mean
from trainables.grey_levels import GreyLevels

VERSION = 1  # raise when the computation changes: the store is keyed by it
_CHUNK = 256  # images held in memory at a time
_NORMALISED_CHUNK = 16  # of those that are normalised, which takes several copies in float32


def mean_image(images: Images, grey_levels: GreyLevels = "none") -> npt.NDArray[np.float32]:
    """The per-pixel mean (h, w) of (n, h, w) grey levels, rescaled to [0, 1].

    Args:
        images: uint8.
        grey_levels: how each image's are normalised first; see `trainables.grey_levels`.
    """
    if grey_levels != "none":
        return _mean_of_normalised(images, grey_levels)
    total = np.zeros(images.shape[1:], np.uint64)  # integers: exact in any order of summation
    for start in range(0, len(images), _CHUNK):
        total += images[start : start + _CHUNK].sum(axis=0, dtype=np.uint64)
    return (total / (255.0 * len(images))).astype(np.float32)


def stored_mean(data: TrialData, kind: Mean, grey_levels: GreyLevels = "none") -> Tensor:
    """The mean to subtract: (h, w) for `pixel`, () for `scalar`; from the store if it is there.

    A stored file that cannot be read, or is of another shape, is computed anew.
    """
    path = Path(data.cache) / f"mean-image-{data.train.digest}{_of(grey_levels)}-v{VERSION}.npy"
    mean = _read(path, data.image_shape)
    if mean is None:
        mean = mean_image(data.train.images, grey_levels)
        _write(path, mean)
    return torch.tensor(mean if kind == "pixel" else mean.mean(dtype=np.float64).astype(np.float32))


def _mean_of_normalised(images: Images, grey_levels: GreyLevels) -> npt.NDArray[np.float32]:
    total = torch.zeros(images.shape[1:], dtype=torch.float64)
    for start in range(0, len(images), _NORMALISED_CHUNK):
        chunk = torch.from_numpy(np.array(images[start : start + _NORMALISED_CHUNK]))
        total += normalise(chunk.unsqueeze(1).float(), grey_levels).sum((0, 1), dtype=torch.float64)
    mean: npt.NDArray[np.float32] = (total / (255.0 * len(images))).float().numpy()
    return mean


def _of(grey_levels: GreyLevels) -> str:
    return "" if grey_levels == "none" else f"-{grey_levels}-{definitions.VERSION}"


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
