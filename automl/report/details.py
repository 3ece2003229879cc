"""What the page needs of a ledger and ``results.json`` does not hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from automl.report.access import spoken_for
from automl.state import SEARCH, SearchState

_BY_IMAGE = ("domain", "split", "classes", "predicted", "labels", "digest")


def detailed(found: Mapping[str, Any], state: SearchState) -> dict[str, Any]:
    """Results with what the page needs besides.

    Args:
        found: what ``results.json`` holds.
        state: the ledger that it was computed from, folded.

    Returns:
        The results with ``config``; ``finished_trials``, the trials of the search that finished
        and were not answered by an equal one (``configuration``, ``budget``,
        ``validation_accuracy``); ``notes``, what the trainable had to say of its trials
        (``text``, ``trials``, and whether ``chosen`` is among these: the configuration that the
        report speaks for); and ``images_evaluated``, for each split the classes of its images one
        by one, as the ledger's ``evaluated`` has them.
    """
    return {
        **found,
        "config": (state.plan or {}).get("config"),
        "finished_trials": [
            {
                "configuration": trial.configuration,
                "budget": trial.budget,
                "validation_accuracy": trial.accuracy,
            }
            for trial in state.phase(SEARCH)
            if trial.accuracy is not None and trial.answered_by is None
        ],
        "notes": _notes(found, state),
        "images_evaluated": [
            {key: event.get(key) for key in _BY_IMAGE} for event in state.evaluated.values()
        ],
    }


def _notes(found: Mapping[str, Any], state: SearchState) -> list[dict[str, Any]]:
    chosen = spoken_for(found).get("configuration_id")
    trials: defaultdict[str, list[str]] = defaultdict(list)
    for trial in state.trials.values():
        # A trial that began again says the same again.
        for text in dict.fromkeys(trial.notes):
            trials[text].append(trial.configuration_id)
    return [
        {"text": text, "trials": len(noted), "chosen": chosen in noted}
        for text, noted in trials.items()
    ]
