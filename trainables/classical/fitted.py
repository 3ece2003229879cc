"""A fitted pipeline as a model of images, and its file."""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import joblib
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
        return bool(getattr(self.native[0], "per_split", False))

    def predict_proba(self, images: Images) -> NDArray[np.float64]:
        """Probabilities (n, classes); nominal for an SVM, see `probabilities`.

        Args:
            images: (n, h, w) uint8, or uint16 where the extractor takes them.

        Raises:
            ValueError: Images of another shape or type.
        """
        features = self.native[:-1].transform(images)
        return probabilities(self.native[-1], features, len(self.classes))


def save_pipeline(pipeline: Pipeline, path: Path) -> None:
    """Write the pipeline, complete or not at all, creating the folder.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    try:
        joblib.dump(pipeline, partial, compress=3)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_pipeline(path: Path) -> Pipeline:
    """Read what `save_pipeline` wrote. It is a pickle: load your own files only.

    Raises:
        ValueError: The file is missing, damaged or not a pipeline.
    """
    try:
        pipeline = joblib.load(path)
    except FileNotFoundError:
        raise ValueError(f"{path}: there is no such model; train it first") from None
    except (OSError, EOFError, ValueError, KeyError, IndexError, pickle.UnpicklingError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path}: not a readable model ({reason}); train it again") from error
    if not isinstance(pipeline, Pipeline):
        kind = type(pipeline).__name__
        raise ValueError(f"{path}: holds a {kind}, not a scikit-learn Pipeline; train it again")
    return pipeline
