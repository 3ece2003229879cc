"""What `benchmarks.gap` trains: one good configuration of each kind, and each term switched on.

The configurations are not tuned to the real-like images: they are the paper's published ones, or
one that a search on simulated images found, with what does not suit images of 96 x 96 changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainables.grey_levels import GREY_LEVELS

Term = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A configuration and its terms.

    Attributes:
        name: for the table.
        trainable: by its registered name.
        configuration: without the terms: the paper's way.
        terms: what is switched on, each alone.
        evaluation: names of parameters that are of no account in training.
        seeded: whether two seeds give two models.
    """

    name: str
    trainable: str
    configuration: Term
    terms: tuple[Term, ...]
    evaluation: frozenset[str] = frozenset()
    seeded: bool = True

    def trains(self, term: Term) -> bool:
        """Whether a term changes what is trained."""
        return not self.evaluation.issuperset(term)


_GREY: tuple[Term, ...] = tuple({"grey_levels": kind} for kind in GREY_LEVELS[1:])
_CLASSICAL = (*_GREY, {"feature_statistics": "target"})
_DEEPFREAK: tuple[Term, ...] = (
    {"evaluation_statistics": "image"},
    {"evaluation_statistics": "target"},
    {"test_time_augmentation": "symmetries"},
    *_GREY,
    {"intensity_range": 1.2},
    {"symmetries": "dihedral"},
    {"normalisation": "group"},
    {"label_smoothing": 0.1},
    {"loss": "ordinal"},
    {"rate_schedule": "one_cycle"},
)

KINDS = (
    # Table 3's, with a wider kernel: 0.5 is made for 10,000 images.
    Kind(
        "GLCM + SVM",
        "classical",
        {
            "extractor": "glcm", "glcm_distances": [1, 5, 8], "glcm_angles": [0, 90, 135],
            "classifier": "svm", "svm_c": 32, "svm_gamma": 0.03125, "svm_class_weight": None,
        },
        _CLASSICAL,
        seeded=False,
    ),
    # Table 14's, with a hundred trees for its ten, and classes weighed alike.
    Kind(
        "LBP + RF",
        "classical",
        {
            "extractor": "lbp", "lbp_points": 16, "lbp_radius": 1, "classifier": "rf",
            "rf_trees": 100, "rf_max_features": 0.5, "rf_max_depth": 20, "rf_class_weight": None,
        },
        _CLASSICAL,
    ),
    # Of the three best that search=deepfreak_bohb found at scale=demo the fastest, rounded.
    Kind(
        "DeepFreak",
        "deepfreak",
        {
            "topology": 9, "learning_rate": 0.012, "momentum": 0.845, "weight_decay": 5e-5,
            "batch_size": 64,
        },
        _DEEPFREAK,
        frozenset({"evaluation_statistics", "test_time_augmentation"}),
    ),
)  # fmt: skip


def text(term: Term) -> str:
    """As it is written on a command line; the default's is `default`."""
    return ", ".join(f"{name}={value}" for name, value in term.items()) or "default"
