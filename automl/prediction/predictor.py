"""Sources in, rows out: images are collected into batches and given to the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

import numpy as np

from automl.errors import one_line
from automl.plugins import FrameReader, Images
from automl.prediction.chosen import Screen
from automl.prediction.earlier import Earlier
from automl.prediction.rows import Row, spelt
from automl.scoring import Floats

MOST_TOLD = 8
"""Sizes of images that are worth a line each."""


class UnreadableError(Exception):
    """A source cannot be read; nothing of it was taken. The message is one line."""


class Predictor:
    """Predicts each frame of each source once.

    Args:
        screen: The model.
        reader: What opens the sources.
        batch: Images that the model gets at once.
        emit: Takes finished rows, in the order of what was added.
        stopped: Asked between frames; where it says so nothing more is read.
        earlier: What has rows already.
        tell: Takes what was done to images of another form, once for each size and depth.
    """

    def __init__(
        self,
        screen: Screen,
        reader: FrameReader,
        batch: int,
        emit: Callable[[Sequence[Row]], None],
        stopped: Callable[[], bool] = lambda: False,
        earlier: Earlier | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._screen = screen
        self._reader = reader
        self._batch = batch
        self._emit = emit
        self._stopped = stopped
        self._done = Earlier() if earlier is None else earlier.copy()
        self._tell = tell
        self._told: set[str] = {""}
        # Rows in their order; those with an image wait for their probabilities.
        self._waiting: list[tuple[Row, Images | None]] = []

    def add(self, source: str) -> int:
        """Take the frames of a source that have no rows yet; return how many it has in all.

        Raises:
            UnreadableError: It cannot be opened, or its only frame is damaged.
        """
        try:
            opened = self._reader.open(source)
        except Exception as error:
            # Whatever a reader of a foreign format raises on a damaged file.
            raise UnreadableError(_reason(error)) from error
        name = spelt(source)
        with closing(opened) as frames:
            count = len(frames)
            for index in self._done.missing(name, count):
                if self._stopped():
                    break
                try:
                    image = frames[index]
                except Exception as error:
                    if count == 1:
                        raise UnreadableError(_reason(error)) from error
                    self._take(Row(name, index, error=_reason(error)), None)
                else:
                    self._note(getattr(frames, "conversion", ""))
                    self._take(Row(name, index), image)
                self._done.note(name, index)
        return count

    def give_up(self, source: str, reason: str) -> None:
        """Take a row for a source that cannot be read."""
        self._take(Row(spelt(source), None, error=reason), None)

    def flush(self) -> None:
        """Emit the rows of all that was taken."""
        waiting, self._waiting = self._waiting, []
        images = [image for _, image in waiting if image is not None]
        answers = iter(self._answers(images))
        rows = [row if image is None else _answered(row, next(answers)) for row, image in waiting]
        if rows:
            self._emit(rows)

    def _note(self, conversion: str) -> None:
        if conversion in self._told or len(self._told) > MOST_TOLD:
            return
        self._told.add(conversion)
        self._tell(conversion)
        if len(self._told) > MOST_TOLD:
            self._tell("images of further sizes are brought to the model's in the same way")

    def _take(self, row: Row, image: Images | None) -> None:
        self._waiting.append((row, image))
        if len(self._waiting) >= self._batch:
            self.flush()

    def _answers(self, images: Sequence[Images]) -> list[Floats | str]:
        if not images:
            return []
        try:
            return list(self._probabilities(images))
        except Exception as error:
            if len(images) == 1 or self._screen.together:
                return [one_line(error)] * len(images)
        # One image, or the size of the batch, is to blame; the others have their rows.
        return [answer for image in images for answer in self._answers([image])]

    def _probabilities(self, images: Sequence[Images]) -> Floats:
        found: Floats = self._screen.model.predict_proba(np.stack(images))
        if not np.isfinite(found).all():
            raise ValueError("the model's probabilities are not finite")
        return found


def _reason(error: Exception) -> str:
    return spelt(one_line(error))


def _answered(row: Row, answer: Floats | str) -> Row:
    if isinstance(answer, str):
        return Row(row.file, row.frame, error=answer)
    return Row(row.file, row.frame, tuple(answer.tolist()))
