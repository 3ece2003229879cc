"""What a run of the command came to, in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from automl.formatting import counted, percent
from automl.prediction.rows import Columns, Row


class Tally:
    """Counts rows.

    Args:
        columns: Of the rows.
        earlier: How many images the table had before.
    """

    def __init__(self, columns: Columns, earlier: int = 0) -> None:
        self._columns = columns
        self._earlier = earlier
        self._classes: Counter[str] = Counter()
        self._hits = 0
        self.unreadable = 0

    @property
    def images(self) -> int:
        """How many were predicted."""
        return self._classes.total()

    @property
    def rows(self) -> int:
        """How many rows there are, those with an error too."""
        return self.images + self.unreadable

    @property
    def diffraction(self) -> str:
        """How many images have diffraction, in words; empty where nobody can say."""
        if not self._columns.tells_diffraction or not self.images:
            return ""
        return f"diffraction {self._hits:,} ({percent(self._hits / self.images)})"

    @property
    def unreadable_words(self) -> str:
        """How many images could not be read, in words; empty where all could."""
        return f"{self.unreadable:,} unreadable" if self.unreadable else ""

    def count(self, rows: Sequence[Row]) -> None:
        """Take rows."""
        for row in rows:
            if row.error:
                self.unreadable += 1
                continue
            self._classes[self._columns.classes[row.label]] += 1
            self._hits += self._columns.diffraction(row) == "yes"

    def line(self, seconds: float) -> str:
        """Return the summary.

        Args:
            seconds: What predicting took, waiting for files not counted.
        """
        text = counted(self.images, "images")
        if self._earlier:
            text += f" added to {self._earlier:,}"
        if self.images:
            each = (
                f"{name} {self._classes[name]:,}"
                for name in self._columns.classes
                if self._classes[name]
            )
            rate = f"{self.images / max(seconds, 1e-9):,.1f} images/s"
            parts = (self.diffraction, ", ".join(each), rate)
            text += f": {'; '.join(part for part in parts if part)}"
        return "; ".join(part for part in (text, self.unreadable_words) if part)
