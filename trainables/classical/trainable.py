"""The trainable: one trial is one extractor and one classifier."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from trainables.classical.classifiers import build_classifier
from trainables.classical.extractors import build_extractor
from trainables.classical.fitted import FittedModel
from trainables.classical.learning import learn, scaler_of
from trainables.classical.model_file import is_pickle, load_pipeline, save_pipeline
from trainables.classical.names import check_parameters
from trainables.classical.old_file import load_trusted
from trainables.classical.options import Options
from trainables.classical.preparation import preparations, prepare
from trainables.classical.probabilities import probabilities
from trainables.classical.probe import probe
from trainables.features import stored
from trainables.features.store import FeatureStore
from trainables.features.transformers import Extractor


class LabelledSplit(stored.Split, Protocol):
    """Images with their classes."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n,) indices into the classes of the data."""


class Data(Protocol):
    """What a trial is given."""

    @property
    def classes(self) -> tuple[str, ...]:
        """From blank to strong."""

    @property
    def train(self) -> LabelledSplit:
        """All that may be learned from."""

    @property
    def validation(self) -> LabelledSplit:
        """What the trial is judged on."""

    @property
    def cache(self) -> Path:
        """A folder that outlives the trial."""

    def score(self, probabilities: NDArray[np.float64]) -> Mapping[str, float]:
        """`validation_accuracy` and `validation_loss` of (n, classes) probabilities."""


class Classical:
    """RF and SVM on GLCM, LBP or SIFT features.

    Everything fitted (codebook, scaler, classifier) is fitted on the training split alone.

    Args:
        data: The data of the search.
        options: See :class:`Options`; features are kept under `data.cache / "features"`.
        device: Not used: every step runs on the CPU.

    Raises:
        ValueError: An unknown option.
    """

    resumable = False
    unpickles = False

    def __init__(self, data: Data, options: Mapping[str, Any], device: str) -> None:
        del device
        self._options = Options.parse(options)
        self._data = data
        self._store = FeatureStore(data.cache / "features") if self._options.store else None

    @classmethod
    def check(
        cls,
        options: Mapping[str, Any],
        space_parameters: frozenset[str],
        image_shape: tuple[int, int] | None,
    ) -> None:
        """Refuse, before anything is created, what no trial could run.

        Raises:
            ValueError: An unknown option or parameter (with the nearest known one), a missing
                parameter, or images too small to have pixel pairs.
        """
        Options.parse(options)
        check_parameters(space_parameters)
        if image_shape is not None and min(image_shape) < 2:
            height, width = image_shape
            raise ValueError(
                f"classical: images of {height} x {width} pixels have no texture; "
                "use at least 2 x 2"
            )

    @classmethod
    def preparations(
        cls, options: Mapping[str, Any], reach: Mapping[str, Sequence[Any]], data: Data
    ) -> list[list[Mapping[str, Any]]]:
        """Return what to extract before the first trial: all that the space can ask for.

        Args:
            options: As for the constructor.
            reach: Every value that a configuration may have, by parameter.
            data: The data of the search.
        """
        if not Options.parse(options).store:
            return []
        return preparations(FeatureStore(data.cache / "features"), reach, data)

    def prepare(self, item: Mapping[str, Any]) -> None:
        """Make one item of `preparations`.

        Raises:
            StoreError: The feature store cannot be used.
        """
        assert self._store is not None, "without a store there is nothing to prepare"
        prepare(self._store, self._data, item)

    @classmethod
    def probe(
        cls,
        data: Data,
        options: Mapping[str, Any],
        device: str,
        configurations: Sequence[Mapping[str, Any]],
        *,
        images: tuple[int, int],
        seconds: float,
    ) -> dict[str, Any]:
        """Price configurations for a preview; see `trainables.classical.probe`."""
        del device
        parsed = Options.parse(options)
        store = FeatureStore(data.cache / "features") if parsed.store else None
        return probe(data, parsed, store, configurations, images=images, seconds=seconds)

    def train(
        self,
        configuration: Mapping[str, Any],
        *,
        seed: int,
        budget: int,
        checkpoint: Path | None,
    ) -> Iterator[dict[str, Any]]:
        """Train one configuration and report once, whatever the budget.

        Args:
            configuration: The active parameters of Table 8.
            seed: Of the classifier.
            budget: Not used: neither classifier has epochs.
            checkpoint: File for the fitted pipeline, or None to keep nothing.

        Yields:
            `epoch` 1, `train_accuracy`, `validation_accuracy`, `validation_loss` (nominal for
            an SVM), `feature_seconds`, `fit_seconds`, `seconds`; or, where these images cannot
            be learned with this configuration, `epoch`, `status`, `reason`, `seconds`.

        Raises:
            ValueError: A missing or impossible value in the configuration.
            StoreError: The feature store cannot be used.
        """
        del budget
        data = self._data
        labels = np.asarray(data.train.labels)
        extractor = build_extractor(configuration, self._options)
        classifier = build_classifier(
            configuration,
            seed,
            classes=len(data.classes),
            present=np.unique(labels).tolist(),
            backend=self._options.backend,
        )
        scaler = scaler_of(configuration)
        start = perf_counter()
        try:
            train, validation = self._features(extractor)
            featured = perf_counter()
            train = scaler.fit_transform(train)
            learned = learn(classifier, train, labels)
        except ValueError as error:
            yield _failure("infeasible", error, perf_counter() - start)
            return
        except MemoryError as error:
            yield _failure("out_of_memory", error, perf_counter() - start)
            return
        fitted = perf_counter()
        table = probabilities(classifier, scaler.transform(validation), len(data.classes))
        if checkpoint is not None:
            steps = [("extractor", extractor), ("scaler", scaler), ("classifier", classifier)]
            save_pipeline(Pipeline(steps), checkpoint)
        yield {
            "epoch": 1,
            "train_accuracy": float(np.mean(learned == labels)),
            **data.score(table),
            "feature_seconds": featured - start,
            "fit_seconds": fitted - featured,
            "seconds": perf_counter() - start,
        }

    def load(self, checkpoint: Path) -> FittedModel:
        """The model that `train` wrote to `checkpoint`; nothing in the file is run.

        Raises:
            ValueError: The file is missing, damaged or a pickle, or knows more classes than the
                data.
        """
        return self.restore(checkpoint, {}, classes=tuple(self._data.classes), device="cpu")

    @classmethod
    def restore(
        cls,
        checkpoint: Path,
        options: Mapping[str, Any],
        *,
        classes: tuple[str, ...],
        device: str,
    ) -> FittedModel:
        """The same without the data of the search: the file and the names of its classes suffice.

        Args:
            checkpoint: What `train` wrote.
            options: Not used: the pipeline holds what it was made with.
            classes: Names of the classes.
            device: `cpu`; every step runs there.

        Raises:
            ValueError: The file is missing, damaged or a pickle, or knows more classes; another
                device.
        """
        del options
        if device != "cpu":
            raise ValueError(f"device {device}: RF, SVM and their features run on the CPU; use cpu")
        return _as_model(load_pipeline(checkpoint), checkpoint, classes)

    @classmethod
    def restore_trusted(
        cls,
        checkpoint: Path,
        options: Mapping[str, Any],
        *,
        classes: tuple[str, ...],
        device: str,
    ) -> FittedModel:
        """As `restore`, of an earlier version's pickle too, and runs any code in that.

        Raises:
            ValueError: As `restore`.
        """
        try:
            return cls.restore(checkpoint, options, classes=classes, device=device)
        except ValueError:
            if device != "cpu" or not is_pickle(checkpoint):
                raise
        return _as_model(load_trusted(checkpoint), checkpoint, classes)

    def _features(self, extractor: Extractor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        train, validation = self._data.train, self._data.validation
        if self._store is None:
            extractor.fit(train.images)
            return extractor.transform(train.images), extractor.transform(validation.images)
        stored.fit_stored(extractor, self._store, train)
        return (
            stored.transform_stored(extractor, self._store, train, train),
            stored.transform_stored(extractor, self._store, train, validation),
        )


def _as_model(pipeline: Pipeline, checkpoint: Path, classes: tuple[str, ...]) -> FittedModel:
    if max(pipeline[-1].classes_) >= len(classes):
        raise ValueError(
            f"{checkpoint}: trained with more than the {len(classes)} classes of this data"
        )
    return FittedModel(classes, pipeline)


def _failure(status: str, error: Exception, seconds: float) -> dict[str, Any]:
    reason = " ".join(str(error).split())[:300] or type(error).__name__
    return {"epoch": 1, "status": status, "reason": reason, "seconds": seconds}
