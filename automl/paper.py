"""The numbers of the DeepFreak paper (Souza et al. 2019, arXiv 1904.11834), each with its table.

Counts are given where the paper prints them (confusion matrices) or where its percentage is a
whole number of images; where neither holds the count is ``None`` and no interval can be stated.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from automl.statistics import Interval, wilson_interval

SYNTHETIC_CLASSES = ("blank", "no-crystal", "weak", "good", "strong")
REAL_CLASSES = ("no-diffraction", "diffraction")
IMAGES = {
    "synthetic": {"train": 10_000, "validation": 2_400, "test": 12_600},
    "real_raw": {"validation": 366, "test": 91},
    "real_preprocessed": {"validation": 366, "test": 91},
}
"""Of 512 × 512, by domain and split (section 3)."""
CLASSES = {
    "synthetic": SYNTHETIC_CLASSES,
    "real_raw": REAL_CLASSES,
    "real_preprocessed": REAL_CLASSES,
}


def may_be_the_papers(data: Mapping[str, Any]) -> bool:
    """Whether a search's images are as many and as large as DiffraNet's, and not simulated.

    The published images have no digest that could be compared with.

    Args:
        data: What a data set says of itself; see ``automl.plugins.DataSet.describe``.
    """
    counts = {
        domain: {split: sum(classes.values()) for split, classes in splits.items()}
        for domain, splits in (data.get("counts") or {}).items()
    }
    return (
        data.get("surrogate") is False
        and list(data.get("image_shape") or ()) == [512, 512]
        and all(counts[domain] == IMAGES.get(domain) for domain in counts)
        and "synthetic" in counts
    )


@dataclass(frozen=True)
class PublishedAccuracy:
    """One test accuracy of the paper.

    Attributes:
        method: classifier, with its extractor where it has one.
        trainable: the trainable of this project that answers to it.
        domain: where it was tested.
        select: the domain whose validation split chose the configuration.
        accuracy: as printed, a fraction.
        source: table or section.
        n: images tested on.
        correct: images classified rightly, where the paper lets it be known.
        note: what a reader must know beside the number.
    """

    method: str
    trainable: str
    domain: str
    select: str
    accuracy: float
    source: str
    n: int
    correct: int | None = None
    note: str = ""

    @property
    def interval(self) -> Interval | None:
        """Wilson 95 % interval; ``None`` where the count is not known."""
        return None if self.correct is None else wilson_interval(self.correct, self.n)


@dataclass(frozen=True)
class PublishedConfusion:
    """One confusion matrix of the paper, rows true class; classes as ``SYNTHETIC_CLASSES``."""

    method: str
    trainable: str
    source: str
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class PublishedSearch:
    """What one of the paper's searches cost and found.

    Attributes:
        trainable: the trainable of this project that answers to it.
        method: the tool and its settings.
        cost: as the paper states it.
        validation_accuracy: of the configuration chosen, a fraction.
        configuration: of the configuration chosen, in this project's parameter names.
        source: tables and sections.
    """

    trainable: str
    method: str
    cost: str
    validation_accuracy: float
    configuration: tuple[tuple[str, object], ...]
    source: str


TEST_ACCURACIES = (
    PublishedAccuracy(
        "DeepFreak", "deepfreak", "synthetic", "synthetic", 0.9851, "Table 5", 12599, 12411,
        "count from Table 6, which holds 12,599 of the 12,600 images",
    ),
    PublishedAccuracy(
        "GLCM + RF", "classical", "synthetic", "synthetic", 0.9845, "Table 5", 12599, 12404,
        "count from Table 13, which holds 12,599 of the 12,600 images",
    ),
    PublishedAccuracy(
        "GLCM + SVM", "classical", "synthetic", "synthetic", 0.9766, "Table 5", 12600, 12304,
        "count from Table 12, which gives 97.65 %",
    ),
    *(
        PublishedAccuracy(
            method, trainable, domain, "synthetic", accuracy, "Table 7, left", 457, None,
            "no whole number of the 457 images",
        )
        for method, trainable, raw, preprocessed in (
            ("DeepFreak", "deepfreak", 0.7606, 0.7205),
            ("GLCM + RF", "classical", 0.4386, 0.4520),
            ("GLCM + SVM", "classical", 0.5042, 0.5480),
        )
        for domain, accuracy in (("real_raw", raw), ("real_preprocessed", preprocessed))
    ),
    PublishedAccuracy(
        "DeepFreak", "deepfreak", "real_raw", "real_raw", 0.9121, "Table 7, right", 91, 83
    ),
    PublishedAccuracy(
        "LBP + RF", "classical", "real_raw", "real_raw", 0.9011, "Table 7, right", 91, 82
    ),
    PublishedAccuracy(
        "LBP + SVM", "classical", "real_raw", "real_raw", 0.5934, "Table 7, right", 91, 54
    ),
    PublishedAccuracy(
        "DeepFreak", "deepfreak", "real_preprocessed", "real_preprocessed", 0.9451,
        "Table 7, right", 91, 86,
    ),
    PublishedAccuracy(
        "LBP + RF", "classical", "real_preprocessed", "real_preprocessed", 0.8681,
        "Table 7, right", 91, 79,
    ),
    PublishedAccuracy(
        "LBP + SVM", "classical", "real_preprocessed", "real_preprocessed", 0.9110,
        "Table 7, right", 91, None, "no whole number of the 91 images",
    ),
)  # fmt: skip

CONFUSIONS = (
    PublishedConfusion(
        "DeepFreak", "deepfreak", "Table 6",
        (
            (2069, 0, 0, 0, 0),
            (0, 3266, 2, 0, 0),
            (1, 18, 3280, 47, 0),
            (0, 0, 38, 2368, 38),
            (0, 0, 0, 44, 1428),
        ),
    ),
    PublishedConfusion(
        "GLCM + SVM", "classical", "Table 12",
        (
            (2069, 0, 0, 0, 0),
            (0, 3266, 1, 0, 1),
            (1, 160, 3142, 44, 0),
            (0, 0, 40, 2377, 27),
            (0, 0, 0, 22, 1450),
        ),
    ),
    PublishedConfusion(
        "GLCM + RF", "classical", "Table 13",
        (
            (2069, 0, 0, 0, 0),
            (0, 3266, 2, 0, 0),
            (0, 53, 3254, 39, 0),
            (0, 0, 45, 2368, 31),
            (0, 0, 0, 25, 1447),
        ),
    ),
)  # fmt: skip

# Blank and no-crystal hold no diffraction; weak, good and strong do (Section 3).
DIFFRACTION = (0, 0, 1, 1, 1)

SEARCHES = (
    PublishedSearch(
        "deepfreak",
        "BOHB, 16 iterations, at most 50 epochs, η = 3; the best three trained five times for "
        "180 epochs",
        "about nine days on two GeForce GTX 1080 Ti",
        0.9842,
        (
            ("topology", 8),
            ("learning_rate", 8.4474e-4),
            ("momentum", 0.56168),
            ("weight_decay", 3.4855e-5),
            ("batch_size", 1),
        ),
        "Section 5.2, Tables 1, 2 and 11 (B)",
    ),
    PublishedSearch(
        "classical",
        "Hyperopt (TPE), 150 iterations",
        "about 36 hours on two Xeon E5",
        0.9858,
        (
            ("extractor", "glcm"),
            ("glcm_distances", (1, 2, 5, 8)),
            ("glcm_angles", (45, 135)),
            ("classifier", "rf"),
            ("rf_trees", 100),
            ("rf_max_features", "sqrt"),
            ("rf_max_depth", 20),
            ("rf_class_weight", None),
        ),
        "Section 5.1, Table 3",
    ),
)


def accuracies(domain: str, select: str) -> Iterator[PublishedAccuracy]:
    """The paper's test accuracies on a domain for models selected on another (or the same)."""
    return (row for row in TEST_ACCURACIES if row.domain == domain and row.select == select)
