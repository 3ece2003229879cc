"""What is said of an image, and how it is spelt in a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.prediction.chosen import Screen

ERROR = "error"


def spelt(text: str) -> str:
    """Return a text that every file of rows can hold: bytes of a name that are no UTF-8 escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass(frozen=True)
class Row:
    """One image, or one that could not be read.

    Attributes:
        file: Its source, as it was named and :func:`spelt`.
        frame: Its number there, from 0; None where the whole source could not be read.
        probabilities: One for each class; empty where there is an error.
        error: Why it could not be read.
    """

    file: str
    frame: int | None
    probabilities: tuple[float, ...] = ()
    error: str = ""

    @property
    def label(self) -> int:
        """Index of the most probable class, the first of equals."""
        return self.probabilities.index(max(self.probabilities))


class Columns:
    """The columns of a model's rows: ``names``, and their values for each row.

    Args:
        screen: The model.
        reading: How its images are read where that is not the default, for the record.
    """

    def __init__(self, screen: Screen, reading: Mapping[str, Any] | None = None) -> None:
        self._screen = screen
        self._sizes = "nominal" if screen.nominal else "estimated"
        self.classes = screen.classes
        options = (f"{key}={value}" for key, value in (reading or {}).items())
        self.model = " ".join((screen.identity, *options))
        self.probabilities = tuple(f"p_{name}" for name in screen.classes)
        self.names = (
            *("file", "frame", "class", "diffraction", "confidence"),
            *(*self.probabilities, "probabilities", "model", ERROR),
        )

    @property
    def tells_diffraction(self) -> bool:
        """Whether the classes say which images have diffraction."""
        return self._screen.view is not None

    def values(self, row: Row) -> dict[str, str]:
        """Return the texts of a row by column."""
        texts = dict.fromkeys(self.names, "")
        texts |= {"file": row.file, "model": self.model, ERROR: row.error}
        if row.frame is not None:
            texts["frame"] = str(row.frame)
        if not row.error:
            texts |= {
                "class": self.classes[row.label],
                "diffraction": self.diffraction(row),
                "confidence": f"{max(row.probabilities):.6g}",
                "probabilities": self._sizes,
            }
            shown = (f"{value:.6g}" for value in row.probabilities)
            texts |= dict(zip(self.probabilities, shown, strict=True))
        return texts

    def diffraction(self, row: Row) -> str:
        """Return ``yes`` or ``no``; empty where the data have no such view."""
        view = self._screen.view
        if view is None or row.error:
            return ""
        return "yes" if view[row.label] else "no"
