"""What a trial needs of a data set, as protocols: any data set with these attributes will do."""

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float64]


class LabelledSplit(Protocol):
    """Images (n, h, w) of grey levels and their classes' indices (n,)."""

    @property
    def images(self) -> Images: ...  # noqa: D102
    @property
    def labels(self) -> Labels: ...  # noqa: D102


class TrainingSplit(LabelledSplit, Protocol):
    """A split that names its content."""

    @property
    def digest(self) -> str:
        """Hash of the images and labels."""
        ...


class TrialData(Protocol):
    """The splits a search may see."""

    @property
    def classes(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def image_shape(self) -> tuple[int, int]: ...  # noqa: D102
    @property
    def train(self) -> TrainingSplit: ...  # noqa: D102
    @property
    def validation(self) -> LabelledSplit: ...  # noqa: D102
    @property
    def cache(self) -> Path:
        """Folder for what is derived from the data and named by its content."""
        ...

    def score(self, probabilities: Probabilities) -> dict[str, float]:
        """`validation_accuracy` and `validation_loss` of (n, k) probabilities."""
        ...
