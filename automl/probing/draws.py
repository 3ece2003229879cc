"""Which configurations a search draws: those that it begins with, and who chooses the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice, takewhile
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from automl.algorithms import Suggestion
from automl.conductor import Conductor
from automl.planning import Checked
from searchspaces import sample

_BEGINNING, _DRAWS = 60, 150
_SEED = 0x5EED  # of the draws after the beginning; the search's own seed begins it


class Priced(NamedTuple):
    """Configurations to price.

    Attributes:
        configurations: Those that begin the search, then others of its space.
        first: How many begin it.
        share: Of those that it draws later, how many a model chooses.
    """

    configurations: list[dict[str, Any]]
    first: int
    share: float


def priced(checked: Checked) -> Priced:
    """Return configurations to price: those the search begins with, then others of its space.

    What an algorithm draws before its model knows enough does not depend on any result.
    """
    most = min(_BEGINNING, checked.algorithm().plan().configurations)
    drawn = list(islice(_drawn(checked), most))
    found = [one.configuration for one in takewhile(lambda one: one.origin != "model", drawn)]
    later = drawn[len(found) :]
    share = fmean(one.origin == "model" for one in later) if later else 0.0
    rng = np.random.default_rng([_SEED, checked.settings.seed])
    others = [sample(checked.space, rng) for _ in range(_DRAWS)]
    return Priced([*found, *others], len(found), share)


def _drawn(checked: Checked) -> Iterator[Suggestion]:
    """Yield what the algorithm draws when results are drawn by lot."""
    settings = checked.settings
    conductor = Conductor(
        checked.algorithm(),
        settings.window,
        settings.order,
        continues=bool(checked.trainable.resumable),
    )
    rng = np.random.default_rng(_SEED)
    untold: deque[int] = deque()
    while True:
        answer = conductor.next()
        if isinstance(answer, Suggestion):
            untold.append(answer.number)
            if answer.origin != "promoted":
                yield answer
        elif untold:
            conductor.result(untold.popleft(), float(rng.random()))
        else:
            return
