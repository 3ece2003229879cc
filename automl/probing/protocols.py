"""What a trainable and a data set have besides if a preview is to say how long a search takes.

Both are optional, and nobody subclasses them; see ``automl.plugins``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from automl.plugins import TrainingData


class Probing(Protocol):
    """What a trainable has besides if a preview is to say how long its trials take."""

    @classmethod
    def probe(
        cls,
        data: TrainingData,
        options: Mapping[str, Any],
        device: str,
        configurations: Sequence[Mapping[str, Any]],
        *,
        images: tuple[int, int],
        seconds: float,
    ) -> Mapping[str, Any]:
        """Train a little and return what configurations will cost on this machine.

        Runs in a process of its own, on the CPU in as many at once as there will be workers. It
        writes nothing that outlives it, neither under ``data.cache`` nor elsewhere.

        Args:
            data: What trials will see; or, where the images are not made yet, a few like them.
            options: The trainable's.
            device: ``cpu`` or ``cuda``.
            configurations: To be priced; the search begins with the first of them.
            images: How many images the training and the validation split will have.
            seconds: About how long it may take.

        Returns:
            ``trials``: for each configuration the seconds of a trial whatever its budget, those
            of a unit of budget, and those of an image that its model classifies; or None for one
            without a price. Perhaps ``losses``: for each of them how wrong it judged what it had
            not learned from, roughly, or None: a search's model will choose like the best, and
            these are confirmed (without it, what costs more counts as somewhat better). Perhaps
            ``basis``: a phrase on what was measured; ``shared``: seconds
            of one process for what is made once for all trials and is not there yet, and
            ``shared_bytes`` that it writes; ``kept_bytes`` of a trial's checkpoint.

        Raises:
            ValueError: Nothing can be measured; the preview says why.
        """


class ProbingData(Protocol):
    """What a data set has besides if a preview is to say how long a search on it takes."""

    @classmethod
    def probe(cls, options: Mapping[str, Any], *, cache: Path, seconds: float) -> Mapping[str, Any]:
        """Return what ``prepare`` has yet to do, without doing it.

        Args:
            options: The data set's.
            cache: As for ``prepare``; nothing is written to it.
            seconds: About how long it may take.

        Returns:
            ``packed``: what ``open`` takes, if all is there. Else None, and besides ``counts``:
            images by domain and split, the training domain first; ``classes``; ``images``
            (n, h, w) uint8 and ``labels`` (n,), a few of the training split or like them;
            ``seconds`` that one process has yet to work, ``serial_seconds`` that several cannot
            share, ``bytes`` that are written.
        """
