"""What trials will cost on this machine: some images described, and some of the classifiers fitted.

Features of a few images stand for those of all; where more rows are needed, images are repeated
with a little noise. Nothing is written.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trainables.classical.classifiers import build_classifier
from trainables.classical.extractors import build_extractor
from trainables.classical.learning import learn, scaler_of
from trainables.classical.options import Options
from trainables.classical.preparation import wanted_of
from trainables.classical.probabilities import probabilities
from trainables.features import bovw, glcm, lbp, sift, stored
from trainables.features.extraction import Wanted
from trainables.features.images import Images
from trainables.features.store import FeatureStore
from trainables.features.transformers import GLCM, LBP, Extractor

ROWS = 1300
"""Images that classifiers are fitted to, at most."""
TREES = 10
"""Trees that are grown; a forest of more costs as much as its trees besides what it costs once."""
JUDGED = 3
"""Every how many-th described image judges what was learned from the others."""
FEWEST = 8
"""Configurations that are measured whatever the time."""
_PIXELS = 2**22  # of images that are described: a second of one core for all of Table 8
_IMAGES = (8, 400)  # and how many they are, at least and at most
_NOISE = 0.05  # of a feature's standard deviation, for rows that repeat an image


class LabelledSplit(stored.Split, Protocol):
    """Images with their classes."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n,) indices into the classes of the data."""


class Data(Protocol):
    """What a trial is given, or images like those."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names."""

    @property
    def train(self) -> LabelledSplit:
        """Images to learn from."""

    @property
    def validation(self) -> stored.Split:
        """Images to judge by."""


def probe(
    data: Data,
    options: Options,
    store: FeatureStore | None,
    configurations: Sequence[Mapping[str, Any]],
    *,
    images: tuple[int, int],
    seconds: float,
) -> dict[str, Any]:
    """Measure and price configurations; see `automl.probing.protocols.Probing`.

    Configurations are measured one by one, in their order, until the time is over, eight at
    least; the others get no price.

    Args:
        data: Images like those of the search.
        options: Of the search.
        store: Where features are looked up, not written; None if trials extract their own.
        configurations: To be priced.
        images: How many the training and the validation split will have.
        seconds: What it may take, about.
    """
    begin = perf_counter()
    wanted = wanted_of(_reach(configurations), *data.train.images.shape[1:])
    sample = _sample(data)
    described = _described(sample.images, wanted)
    # Describing images must not take the time of the classifiers.
    deadline = max(begin + seconds, perf_counter() + seconds / 2)
    rows = _Rows(sample, described, options, len(data.classes), images)
    prices: list[list[float] | None] = []
    losses: list[float | None] = []
    for one in configurations:
        # A few in any case: they stand for all others.
        is_time = perf_counter() < deadline or len(prices) < FEWEST
        found = rows.measured(one) if is_time else None
        prices.append(None if found is None else rows.price(found, with_extraction=store is None))
        losses.append(None if found is None else found.loss)
    shared, shared_bytes = _shared(data, store, wanted, described, images)
    measured = sum(price is not None for price in prices)
    return {
        "trials": prices,
        "losses": losses,
        "basis": f"{measured} classifiers fitted to {rows.count} images, "
        f"features of {len(sample.images)}",
        "shared": shared,
        "shared_bytes": shared_bytes,
    }


@dataclass(frozen=True)
class _Sample:
    images: Images
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class _Described:
    """Features of a few images, and the seconds that one image took of each kind."""

    wanted: Wanted
    offsets: NDArray[np.float64]
    histograms: Sequence[NDArray[np.float64]]
    descriptors: NDArray[np.void]
    offset_seconds: float
    histogram_seconds: float
    descriptor_seconds: float


def _sample(data: Data) -> _Sample:
    count, height, width = data.train.images.shape
    few, many = _IMAGES
    most = min(max(few, _PIXELS // (height * width)), many, count)
    places = np.linspace(0, count - 1, most).astype(np.intp)
    return _Sample(data.train.images[places], np.asarray(data.train.labels)[places])


def _reach(configurations: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one in configurations:
        for name, value in one.items():
            values = found.setdefault(name, [])
            if value not in values:
                values.append(value)
    return found


def _described(images: Images, wanted: Wanted) -> _Described:
    offsets = np.empty((len(images), 0, len(glcm.PROPERTIES)))
    histograms: Sequence[NDArray[np.float64]] = ()
    descriptors = np.empty(0, sift.DESCRIPTOR)
    # Once with an image: kernels are compiled, or loaded, when they are first called.
    glcm.glcm_properties(images[:1], wanted.offsets)
    lbp.lbp_histograms(images[:1], wanted.neighbourhoods)
    marks = [perf_counter()]
    if wanted.offsets:
        offsets = glcm.glcm_properties(images, wanted.offsets)
    marks.append(perf_counter())
    if wanted.neighbourhoods:
        histograms = lbp.lbp_histograms(images, wanted.neighbourhoods)
    marks.append(perf_counter())
    if wanted.descriptors:
        descriptors = sift.sift_descriptors(images)
    marks.append(perf_counter())
    each = [taken / len(images) for taken in np.diff(marks).tolist()]
    return _Described(
        wanted,
        offsets,
        histograms,
        descriptors,
        each[0] / max(len(wanted.offsets), 1),
        each[1] / max(len(wanted.neighbourhoods), 1),
        each[2],
    )


@dataclass(frozen=True)
class _Measured:
    """Seconds of a fit to all images, those of an image's features, and how wrong it judged."""

    fitted: float
    image: float
    loss: float


class _Rows:
    """As many rows of features as a classifier is fitted to here."""

    def __init__(
        self,
        sample: _Sample,
        described: _Described,
        options: Options,
        classes: int,
        images: tuple[int, int],
    ) -> None:
        training, validation = images
        self.count = min(training, ROWS)
        self._described = described
        self._options = options
        self._classes = classes
        self._images = len(sample.images)
        self._rng = np.random.default_rng(0)
        everyone = np.arange(self._images)
        # Of one or two, all do both.
        self._judging = everyone[JUDGED - 1 :: JUDGED] if self._images >= JUDGED else everyone
        learning = everyone[everyone % JUDGED != JUDGED - 1]
        self._places = np.resize(learning, self.count)
        self._repeated = np.arange(self.count) >= len(learning)
        self._labels = sample.labels[self._places]
        self._truth = sample.labels[self._judging]
        self._judged = math.ceil(self.count * validation / training)
        self._training = training
        self._all = training + validation

    def measured(self, configuration: Mapping[str, Any]) -> _Measured | None:
        """Fit one configuration; None if it cannot be learned here."""
        try:
            extractor = build_extractor(configuration, self._options)
            rows, judging = self._features(extractor)
            fitted, loss = self._fit(configuration, rows, judging)
        except (ValueError, MemoryError):
            return None
        return _Measured(fitted, self._extraction(extractor), loss)

    def price(self, found: _Measured, *, with_extraction: bool) -> list[float]:
        """Price a configuration."""
        return [0.0, found.fitted + with_extraction * found.image * self._all, found.image]

    def _features(self, extractor: Extractor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return rows to learn from, and rows to judge."""
        found = self._described
        if isinstance(extractor, GLCM):
            places = [found.wanted.offsets.index(offset) for offset in extractor.offsets]
            table = found.offsets[:, places].reshape(self._images, -1)
        elif isinstance(extractor, LBP):
            place = found.wanted.neighbourhoods.index(extractor.neighbourhood)
            table = found.histograms[place]
        else:
            clusters = extractor.clusters
            words = bovw.fit_codebook(found.descriptors, clusters, extractor.seed)
            table = bovw.word_frequencies(found.descriptors, words, self._images, clusters)
        rows, judging = table[self._places], table[self._judging]
        if self._repeated.any() and not isinstance(extractor, GLCM | LBP):
            return rows, judging  # of words, mostly zero: noise would make another problem of it
        noise = self._rng.normal(0.0, _NOISE, rows.shape) * table.std(axis=0)
        return np.asarray(rows + noise * self._repeated[:, None]), judging

    def _fit(
        self,
        configuration: Mapping[str, Any],
        rows: NDArray[np.float64],
        judging: NDArray[np.float64],
    ) -> tuple[float, float]:
        """Return the seconds of a fit to all images, and the share that it judged wrongly."""
        more = self._training / self.count
        if configuration["classifier"] == "svm":
            taken, loss = self._timed(configuration, rows, judging)
            return taken * more**2, loss
        trees = configuration["rf_trees"]
        few, once = min(trees, TREES), 0.0
        if trees > few:
            # Scaling, and what else is done once for all trees, must not be multiplied; nor what
            # is done but the first time, which is why it comes first.
            once, _ = self._timed({**configuration, "rf_trees": 1}, rows, judging)
        taken, loss = self._timed({**configuration, "rf_trees": few}, rows, judging)
        if trees > few:
            taken += max(taken - once, 0.0) / (few - 1) * (trees - few)
        return taken * more * math.log(1 + self._training) / math.log(1 + self.count), loss

    def _timed(
        self,
        configuration: Mapping[str, Any],
        rows: NDArray[np.float64],
        judging: NDArray[np.float64],
    ) -> tuple[float, float]:
        classifier = build_classifier(
            configuration,
            0,
            classes=self._classes,
            present=np.unique(self._labels).tolist(),
            backend=self._options.backend,
        )
        begin = perf_counter()
        scaler = scaler_of(configuration)
        learn(classifier, scaler.fit_transform(rows), self._labels)
        judged = np.resize(judging, (self._judged, rows.shape[1]))
        table = probabilities(classifier, scaler.transform(judged), self._classes)
        taken = perf_counter() - begin
        few = min(len(self._truth), len(table))
        wrong = table[:few].argmax(axis=1) != self._truth[:few]
        return taken, float(np.mean(wrong)) if few else 0.0

    def _extraction(self, extractor: Extractor) -> float:
        found = self._described
        if isinstance(extractor, GLCM):
            return found.offset_seconds * len(extractor.offsets)
        return found.histogram_seconds if isinstance(extractor, LBP) else found.descriptor_seconds


def _shared(
    data: Data,
    store: FeatureStore | None,
    wanted: Wanted,
    described: _Described,
    images: tuple[int, int],
) -> tuple[float, int]:
    """Return seconds and bytes of what the store lacks of both splits."""
    if store is None:
        return 0.0, 0
    seconds, size = 0.0, 0
    for split, count in zip((data.train, data.validation), images, strict=True):
        absent = wanted.absent(store, split.digest)
        each = described.offset_seconds * len(absent.offsets)
        each += described.histogram_seconds * len(absent.neighbourhoods)
        each += described.descriptor_seconds * absent.descriptors
        values = len(glcm.PROPERTIES) * len(absent.offsets)
        values += sum(one.bins for one in absent.neighbourhoods)
        words = absent.descriptors * described.descriptors.nbytes / len(described.offsets)
        seconds += count * each
        size += int(count * (8 * values + words))
    return seconds, size
