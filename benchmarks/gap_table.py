"""Rows of `benchmarks.gap`: accuracies, and their differences from the default with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.statistics import Interval
from benchmarks.gap_models import ASKED, Answer
from benchmarks.gap_terms import Kind, Term, text

RESAMPLES = 10_000
CONFIDENCE = 0.95
WIDTH = 38


@dataclass(frozen=True)
class Cell:
    """One domain of a row.

    Attributes:
        n: images.
        right: of them, by seed.
        difference: of the accuracy from the default's, mean over seeds; None for the default.
        interval: of that difference.
    """

    n: int
    right: tuple[int, ...]
    difference: float | None = None
    interval: Interval | None = None

    @property
    def accuracy(self) -> float:
        """Mean over seeds."""
        return fmean(self.right) / self.n

    def __str__(self) -> str:
        shown = f"{100 * self.accuracy:5.1f}"
        if self.difference is None or self.interval is None:
            return f"{shown:<31}"
        low, high = (100 * end for end in self.interval)
        shown += f" {100 * self.difference:+6.1f} [{low:+.1f}, {high:+.1f}]"
        return f"{shown:<31}"


@dataclass(frozen=True)
class Row:
    """A term of a kind: its cells by domain, CPU seconds of training and of asking a model."""

    kind: str
    term: str
    cells: Mapping[str, Cell]
    training: float
    asking: float

    def __str__(self) -> str:
        cells = "".join(map(str, self.cells.values()))
        training = f"{self.training:8.1f}" if self.training else f"{'–':>8}"
        return f"{self.term:<{WIDTH}}{cells}{training}{self.asking:7.2f}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def heading(kind: Kind, seeds: int, budget: int) -> str:
    """The two lines above a kind's rows."""
    domains = "".join(f"{name:<31}" for name in ASKED)
    title = f"{kind.name}, {seeds} seed{'s' * (seeds > 1)}"
    if kind.evaluation:
        title += f", {budget} epoch{'s' * (budget > 1)}"
    return f"\n{title:<{WIDTH}}{domains}{'train s':>8}{'ask s':>7}"


def row(kind: Kind, term: Term, answers: Sequence[Answer], defaults: Sequence[Answer]) -> Row:
    """Return a term's row.

    Args:
        kind: What the term belongs to.
        term: Empty for the default.
        answers: One a seed.
        defaults: Those of the default, of the same seeds.
    """
    cells = {}
    for name in ASKED:
        rights = np.stack([answer.rights[name] for answer in answers])
        right = tuple(int(count) for count in rights.sum(1))
        cell = Cell(rights.shape[1], right)
        if term:
            before = np.stack([answer.rights[name] for answer in defaults])
            gained = rights.astype(np.int64) - before.astype(np.int64)
            cell = Cell(cell.n, right, float(gained.mean()), crossed_interval(gained))
        cells[name] = cell
    training = fmean(answer.training for answer in answers)
    return Row(kind.name, text(term), cells, training, fmean(a.asking for a in answers))


def crossed_interval(gained: npt.NDArray[np.int64], seed: int = 0) -> Interval:
    """Percentile-bootstrap interval of a mean over seeds and images.

    Both are resampled, each by itself: all seeds saw the same images, and a seed's luck is that of
    all its images (the pigeonhole bootstrap of Owen 2007, which is a little too wide).
    `automl.paired.difference_interval` is the same of one seed.

    Args:
        gained: (seeds, images) of -1, 0 and 1, the second model's rightness minus the first's.
        seed: Of the resampling.
    """
    rng = np.random.default_rng(seed)
    seeds, images = gained.shape
    of_seeds = rng.multinomial(seeds, np.full(seeds, 1 / seeds), RESAMPLES) / seeds
    # Images that both models answer alike weigh nothing, so that only the others are drawn by name.
    apart = gained[:, np.any(gained != 0, axis=0)]
    shares = np.append(np.full(apart.shape[1], 1 / images), 1 - apart.shape[1] / images)
    of_images = rng.multinomial(images, shares, RESAMPLES)[:, :-1] / images
    means = np.einsum("rs,si,ri->r", of_seeds, apart, of_images, optimize=True)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
