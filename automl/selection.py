"""Which configurations are confirmed, and which confirmed model is evaluated."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median

from automl.objective import excess
from automl.state import CONFIRMATION, SEARCH, SearchState, Trial, best_first, rank


def trial_seed(search_seed: int, configuration_id: str, purpose: str) -> int:
    """Return a trial's seed: below 2**31, and the same whenever and wherever it is asked for."""
    text = f"{search_seed}/{configuration_id}/{purpose}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


@dataclass(frozen=True)
class Candidate:
    """A configuration to confirm with one seed."""

    trial: Trial
    seed_index: int
    seed: int


def candidates(
    state: SearchState, search_seed: int, configurations: int, seeds: int
) -> list[Candidate]:
    """Return the confirmation's trials: the best configurations of the search × seeds."""
    best = best_first(state.phase(SEARCH))[:configurations]
    return [
        Candidate(
            trial, index, trial_seed(search_seed, trial.configuration_id, f"confirmation {index}")
        )
        for trial in best
        for index in range(seeds)
    ]


def confirmed(state: SearchState) -> dict[str, list[Trial]]:
    """Return the confirmation's trials by configuration, in the order of their asks."""
    groups: dict[str, list[Trial]] = {}
    for trial in state.phase(CONFIRMATION):
        groups.setdefault(trial.configuration_id, []).append(trial)
    return groups


def choose(state: SearchState) -> Trial | None:
    """Return the confirmed trial whose model is evaluated, by validation accuracy alone.

    The configuration with the highest mean over its seeds (a failed seed counts 0), and of it the
    seed with the highest accuracy; the first of equals. Before accuracy counts whether the
    objective's limit is kept, by the median seed of a configuration. None if every seed failed.
    """
    groups = confirmed(state).values()
    best = max(
        groups, key=lambda trials: (-median_excess(trials), mean_accuracy(trials)), default=[]
    )
    finished = [trial for trial in best if trial.finished]
    return min(finished, key=rank, default=None)


def median_excess(trials: Sequence[Trial]) -> float:
    """Return how far a configuration is beyond the limit with its median seed; 0 for within."""
    return median([excess(trial.loss) for trial in trials if trial.finished] or [0.0])


def mean_accuracy(trials: Sequence[Trial]) -> float:
    """Return the mean validation accuracy; a failed trial counts 0."""
    return mean(trial.accuracy or 0.0 for trial in trials)
