"""A fitted pipeline as a model of images."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from trainables.classical.machine import MatrixSVC
from trainables.classical.probabilities import probabilities
from trainables.features.images import Images


@dataclass(frozen=True)
class FittedModel:
    """An extractor, a scaler and a classifier, fitted together."""

    classes: tuple[str, ...]
    native: Pipeline
    """Takes images (n, h, w) uint8 or uint16; predicts class indices."""

    flavor: ClassVar[str] = "sklearn"

    @property
    def nominal(self) -> bool:
        """Whether only the order of the probabilities is meant, as for an SVM."""
        return isinstance(self.native[-1], MatrixSVC)

    @property
    def together(self) -> bool:
        """Whether an image's features depend on those it is described together with."""
        return any(getattr(step, "per_split", False) for _, step in self.native.steps)

    def predict_proba(self, images: Images) -> NDArray[np.float64]:
        """Probabilities (n, classes); nominal for an SVM, see `probabilities`.

        Args:
            images: (n, h, w) uint8, or uint16 where the extractor takes them.

        Raises:
            ValueError: Images of another shape or type.
        """
        features = self.native[:-1].transform(images)
        return probabilities(self.native[-1], features, len(self.classes))
