"""What trials share is made before the first of them, by workers on every node of the cluster."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import ray
from ray.exceptions import RayError

from automl.errors import SearchError, one_line
from automl.planning import Checked, ask
from automl.plugins import OpenData, ProgressCallback, training_data
from automl.session import Session, WorkerSpec
from automl.settings import ResourceSettings
from searchspaces import FiniteParameter, Space, plain

Phases = Sequence[Sequence[Mapping[str, Any]]]

_WHAT = "Preparing"


def phases(checked: Checked, data: OpenData) -> Phases:
    """Return what the trainable wants to have made before the first trial; empty for nothing.

    Raises:
        UserError: The trainable refuses these data.
    """
    preparations = getattr(checked.trainable, "preparations", None)
    if preparations is None:
        return ()
    settings = checked.settings
    visible = training_data(data, settings.select, settings.cache)
    options = settings.trainable.options
    found: Phases = ask("trainable", preparations, options, reach(checked.space), visible)
    return [phase for phase in found if phase]


def reach(space: Space) -> dict[str, list[Any]]:
    """Return every value that a configuration may have, by parameter, where they are finite."""
    return {
        parameter.name: [plain(value) for value in parameter.values]
        for parameter in space.parameters
        if isinstance(parameter, FiniteParameter)
    }


def prepare(
    wanted: Phases,
    worker: WorkerSpec,
    trial: ResourceSettings,
    *,
    workers: int,
    retries: int,
    progress: ProgressCallback,
) -> None:
    """Make all items, each phase after the one before.

    Args:
        wanted: What :func:`phases` returned.
        worker: What is set up for each item.
        trial: CPUs of an item, as a trial's.
        workers: Items at the same time.
        retries: New attempts for an item whose worker or node died.
        progress: Told of each item.

    Raises:
        SearchError: An item cannot be made; those that were are kept.
    """
    total, done = sum(map(len, wanted)), 0
    if not total:
        return
    # Tasks, not actors: one that finds no room waits for others to end, whatever `workers` says.
    make = ray.remote(num_cpus=trial.cpus, max_retries=retries)(_make)
    spec = asdict(worker)
    progress(_WHAT, done, total)
    for phase in wanted:
        waiting = deque(json.dumps(item) for item in phase)
        busy: dict[Any, str] = {}
        while waiting or busy:
            while waiting and len(busy) < workers:
                item = waiting.popleft()
                busy[make.remote(spec, item)] = item
            (ready, *_), _ = ray.wait(list(busy), num_returns=1)
            item = busy.pop(ready)
            try:
                reason = ray.get(ready)
            except RayError as error:
                raise _failed(item, one_line(error)) from error
            if reason is not None:
                raise _failed(item, reason)
            done += 1
            progress(_WHAT, done, total)


def _failed(item: str, reason: str) -> SearchError:
    return SearchError(f"preparation of {item[:100]}: {reason[:300]}")


def _make(worker: Mapping[str, Any], item: str) -> str | None:
    """Make an item; return why it cannot be made, if so."""
    return Session(WorkerSpec(**worker)).prepare(json.loads(item))
