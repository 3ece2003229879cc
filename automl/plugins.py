"""What a data set and a trainable look like to the orchestrator.

Nobody subclasses these: a class of any package with these members will do (see
``automl.registry``). Methods say what is wrong with the user's input by raising ``ValueError``
or ``OSError`` with one line; the command shows that line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from automl.scoring import Floats, Labels, score

Images = NDArray[np.uint8]
ProgressCallback = Callable[[str, int, int], None]


class Split(Protocol):
    """One split of one domain: images (n, h, w) uint8, labels (n,) into the domain's classes."""

    @property
    def images(self) -> Images:
        """Images (n, h, w), mapped read-only."""

    @property
    def labels(self) -> Labels:
        """Classes (n,), as indices into the domain's."""

    @property
    def names(self) -> tuple[str, ...]:
        """File name of each image."""

    @property
    def digest(self) -> str:
        """Digest of the images: what is computed from them is stored under it."""


class Domain(Protocol):
    """A domain's classes, and what each training class counts as among them."""

    @property
    def name(self) -> str:
        """Such as ``synthetic``."""

    @property
    def classes(self) -> tuple[str, ...]:
        """What its images are labelled with."""

    @property
    def projection(self) -> tuple[int, ...]:
        """For each training class, the index of the domain's class that it counts as."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Those of ``train``, ``validation`` and ``test`` that it has."""


class OpenData(Protocol):
    """Images in domains and splits, packed so that every process maps the same bytes."""

    packed: Path
    digest: str
    classes: tuple[str, ...]
    image_shape: tuple[int, int]
    domains: Mapping[str, Domain]
    views: Mapping[str, tuple[tuple[str, ...], tuple[int, ...]]]

    def split(self, domain: str, split: str) -> Split:
        """Return one split of one domain; ``PermissionError`` for a sealed one."""

    def unsealed(self) -> OpenData:
        """Return the same data with its test splits open: for the final evaluation alone."""

    def describe(self) -> dict[str, Any]:
        """Return provenance in JSON.

        It has ``digest``, ``surrogate``, ``note``, and ``counts`` by domain, split and class.
        """


class DataSet(OpenData, Protocol):
    """What makes a data set and opens it again."""

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Refuse options that cannot work; quick, and creates nothing."""

    @classmethod
    def selectable(cls, options: Mapping[str, Any]) -> Sequence[str]:
        """Return the domains with a validation split, before any image is read."""

    @classmethod
    def prepare(
        cls,
        options: Mapping[str, Any],
        *,
        cache: Path,
        workers: int,
        progress: ProgressCallback | None = None,
    ) -> DataSet:
        """Read and check every image once and pack them under ``cache``."""

    @classmethod
    def open(cls, packed: Path, *, sealed: bool = True) -> DataSet:
        """Map what :meth:`prepare` packed; sealed, it hands out no test split."""


class FittedModel(Protocol):
    """A model that can be used: images (n, h, w) uint8 in, probabilities (n, k) out."""

    classes: tuple[str, ...]
    native: Any
    flavor: str

    def predict_proba(self, images: Images) -> Floats:
        """Return the probability of each training class for each image, (n, k)."""


@dataclass(frozen=True)
class TrainingData:
    """What a trainable may see of a data set: the training split and one validation split."""

    classes: tuple[str, ...]
    image_shape: tuple[int, int]
    train: Split
    validation: Split
    projection: tuple[int, ...]
    cache: Path

    def score(self, probabilities: Floats) -> dict[str, float]:
        """Return validation accuracy and loss as the selection domain counts them."""
        return score(probabilities, self.validation.labels, self.projection)


class Trainable(Protocol):
    """What a trial runs; one instance lives in each worker and serves trial after trial."""

    resumable: bool

    @classmethod
    def check(
        cls,
        options: Mapping[str, Any],
        space_parameters: frozenset[str],
        image_shape: tuple[int, int] | None,
    ) -> None:
        """Refuse options, parameters or image sizes that no trial could run with."""

    def __init__(self, data: TrainingData, options: Mapping[str, Any], device: str) -> None:
        """Set up what is dear; ``device`` is ``cpu`` or ``cuda``."""

    def train(
        self,
        configuration: Mapping[str, Any],
        *,
        seed: int,
        budget: int,
        checkpoint: Path | None,
    ) -> Iterator[dict[str, Any]]:
        """Train up to ``budget`` and yield a report for each epoch, from 1.

        A report has ``epoch`` and ``validation_accuracy`` (see :meth:`TrainingData.score`),
        whatever else is worth a curve, and perhaps a ``note`` for the user; or ``epoch``,
        ``status`` (such as ``diverged``) and ``reason`` where the configuration failed, which
        ends the trial. A resumable trainable goes on from what lies at ``checkpoint`` and yields
        its stored reports first; equal
        configuration, seed and budget give equal reports, however often it was interrupted.
        """

    def load(self, checkpoint: Path) -> FittedModel:
        """Return the model that :meth:`train` left at ``checkpoint``."""


class Preparing(Protocol):
    """What a trainable has besides if its trials share something that is dear to make."""

    @classmethod
    def preparations(
        cls,
        options: Mapping[str, Any],
        reach: Mapping[str, Sequence[Any]],
        data: TrainingData,
    ) -> Sequence[Sequence[Mapping[str, Any]]]:
        """Return what is to be made before the first trial, in phases.

        Items are plain (JSON). Those of a phase are done in any order on any node, the next
        phase begins when all are done. What is there already is left out.

        Args:
            options: The trainable's.
            reach: Every value that a configuration of the search may have, by parameter; those
                with a continuum of values are left out.
            data: What trials will see.
        """

    def prepare(self, item: Mapping[str, Any]) -> None:
        """Make one item; done twice it does no harm."""


class Sharing(Protocol):
    """What a trainable has besides if several workers can share a GPU.

    With ``memory`` alone, trials of different workers are kept from exceeding a GPU together;
    the other two are for trainables that leave something there between trials.
    """

    @classmethod
    def memory(
        cls,
        options: Mapping[str, Any],
        configuration: Mapping[str, Any],
        image_shape: tuple[int, int],
        classes: int,
    ) -> int:
        """Return the most bytes that a trial takes of a GPU, beyond what its worker keeps there.

        Computed without a GPU, in a fraction of a second: a preview asks for many configurations.

        Args:
            options: The trainable's.
            configuration: The trial's.
            image_shape: (rows, columns) of an image.
            classes: How many training classes there are.

        Raises:
            ValueError: The configuration cannot run at all; training says why.
        """

    @classmethod
    def kept_memory(
        cls, options: Mapping[str, Any], image_shape: tuple[int, int], images: int
    ) -> int:
        """Return the bytes that a worker keeps on the GPU from trial to trial.

        Args:
            options: The trainable's.
            image_shape: (rows, columns) of an image.
            images: How many images the training and the validation split have together.
        """

    def release(self) -> None:
        """Give back what the trial that has ended left on the GPU, such as freed blocks."""


class Frames(Protocol):
    """The images of one file or stack, numbered from 0, in the form of the data set's own.

    May have ``conversion``: how the frame read last was brought to that form, in one line that is
    the same for frames alike; empty where it had it.
    """

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, index: int) -> Images:
        """Return one image (h, w) uint8; ``ValueError`` or ``OSError`` where it is damaged."""

    def close(self) -> None:
        """Let go of the file."""


class FrameReader(Protocol):
    """Opens images that are no part of a data set."""

    def file_of(self, source: str) -> Path:
        """Return the file that a source lies in, which may be a stack within a file."""

    def takes(self, path: Path) -> bool:
        """Whether a file that lies in a folder is one of images, by its name."""

    def open(self, source: str) -> Frames:
        """Open a source; ``ValueError`` or ``OSError`` in one line where that is impossible."""


class Reading(Protocol):
    """What a data set has besides if models trained on it can be given images from elsewhere.

    Its ``describe`` then also has ``image_shape``, [h, w].
    """

    @classmethod
    def reader(cls, image_shape: tuple[int, int], options: Mapping[str, Any]) -> FrameReader:
        """Return what reads them.

        Args:
            image_shape: (h, w) to which every image is brought.
            options: What the user asked for: ``crop``, ``downsample`` and ``scale``, those given.

        Raises:
            ValueError: An option is unknown or bad.
        """


class Showing(Protocol):
    """What a data set has besides if a report is to show misclassified images.

    The second is for data sets that know how their images were made.
    """

    @classmethod
    def find(cls, cache: Path, digest: str) -> DataSet | None:
        """Map what ``prepare`` packed under ``cache``, or return ``None`` if it is not there.

        Args:
            cache: Folder for derived data.
            digest: As ``digest`` of the data set.
        """

    @classmethod
    def captions(
        cls, options: Mapping[str, Any], split: Split, *, cache: Path
    ) -> Mapping[str, Sequence[str]]:
        """Return how images were made: short phrases by the image's name, as far as is known.

        Args:
            options: The data set's.
            split: Whose images.
            cache: Folder for derived data.
        """


class Restoring(Protocol):
    """What a trainable has besides if its models can be used without the data they learned."""

    unpickles: bool
    """Whether reading a model's file can run code that lies in it, as reading a pickle does.

    Such a file is read from the search's own folder alone, or if the user trusts it.
    Where this is false, a class method ``restore_trusted`` may read what ``restore`` refuses,
    such as pickles of earlier versions; it is called if the user says so.
    """

    @classmethod
    def restore(
        cls,
        checkpoint: Path,
        options: Mapping[str, Any],
        *,
        classes: tuple[str, ...],
        device: str,
    ) -> FittedModel:
        """Return the model that :meth:`Trainable.train` left at ``checkpoint``.

        A model may have two attributes besides: ``nominal`` is true where its probabilities have
        an order but no meaning of their own, ``together`` where what it says of an image depends
        on the images that it is given with it.

        Raises:
            ValueError: The file is missing, damaged or of other classes; or no such device.
        """


def training_data(data: OpenData, select: str, cache: Path) -> TrainingData:
    """Return training on the first domain, validation on the selection domain."""
    training_domain = next(iter(data.domains))
    return TrainingData(
        classes=data.classes,
        image_shape=data.image_shape,
        train=data.split(training_domain, "train"),
        validation=data.split(select, "validation"),
        projection=data.domains[select].projection,
        cache=cache,
    )


def evaluation_splits(domains: Sequence[Domain], select: str) -> list[tuple[str, str]]:
    """Return every (domain, split) that the final evaluation opens: each test split first.

    Then the validation splits of all domains but the first, if the search selected on that one.
    Nothing was then chosen by them, so that with the test split they make all images of their
    domain (the 457 of Table 7, left). A search that selected on another domain leaves them out:
    domains may show the same objects, as the raw and the preprocessed images do.

    Args:
        domains: In their order; the first is trained on.
        select: Name of the selection domain.
    """
    found = [(domain.name, "test") for domain in domains if "test" in domain.splits]
    if domains and select == domains[0].name:
        found += [(one.name, "validation") for one in domains[1:] if "validation" in one.splits]
    return found
