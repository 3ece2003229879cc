"""The data set's three domains, their classes, and how the five classes fold into two."""

from __future__ import annotations

from dataclasses import dataclass

CLASSES = ("blank", "no-crystal", "weak", "good", "strong")
"""What a synthetic image shows, in the order of the published folders 1 to 5."""

BINARY_CLASSES = ("no-diffraction", "diffraction")
"""What a real image shows, in the order of the published folders 1 and 2."""

BINARY_PROJECTION = (0, 0, 1, 1, 1)
"""Class of ``BINARY_CLASSES`` of each of ``CLASSES``."""

TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True)
class Domain:
    """Images of one origin.

    Attributes:
        name: ``synthetic``, ``real_raw`` or ``real_preprocessed``.
        classes: Names of this domain's classes.
        projection: This domain's class index for each training class index.
        splits: The splits it has, in order.
    """

    name: str
    classes: tuple[str, ...]
    projection: tuple[int, ...]
    splits: tuple[str, ...]


SYNTHETIC = Domain("synthetic", CLASSES, tuple(range(len(CLASSES))), (TRAIN, VALIDATION, TEST))
REAL_RAW = Domain("real_raw", BINARY_CLASSES, BINARY_PROJECTION, (VALIDATION, TEST))
REAL_PREPROCESSED = Domain(
    "real_preprocessed", BINARY_CLASSES, BINARY_PROJECTION, (VALIDATION, TEST)
)

DOMAINS = (SYNTHETIC, REAL_RAW, REAL_PREPROCESSED)
"""Every domain of the published data set (paper section 3), in order."""
