"""What a run of the command came to, in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from automl.formatting import counted, percent
from automl.prediction.rows import Columns, Row


class Tally:
    """Counts rows."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._classes: Counter[str] = Counter()
        self._diffraction = 0
        self.unreadable = 0

    @property
    def images(self) -> int:
        """How many were predicted."""
        return self._classes.total()

    def count(self, rows: Sequence[Row]) -> None:
        """Take rows."""
        for row in rows:
            if row.error:
                self.unreadable += 1
                continue
            self._classes[self._columns.classes[row.label]] += 1
            self._diffraction += self._columns.diffraction(row) == "yes"

    def line(self, seconds: float) -> str:
        """Return the summary.

        Args:
            seconds: What predicting took, waiting for files not counted.
        """
        text = counted(self.images, "images")
        if self.images:
            each = (
                f"{name} {self._classes[name]:,}"
                for name in self._columns.classes
                if self._classes[name]
            )
            share = percent(self._diffraction / self.images)
            text += f": diffraction {self._diffraction:,} ({share}); {', '.join(each)}"
            text += f"; {self.images / max(seconds, 1e-9):,.1f} images/s"
        if self.unreadable:
            text += f"; {self.unreadable:,} unreadable"
        return text
