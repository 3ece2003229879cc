"""What trials share is made before the first of them, by workers on every node of the cluster."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Self

import ray
from ray.exceptions import RayActorError

from automl.errors import SearchError, one_line
from automl.planning import Checked, ask
from automl.plugins import DataSet, ProgressCallback, training_data
from automl.session import Session, WorkerSpec
from automl.settings import ResourceSettings
from searchspaces import FiniteParameter, Space, plain

Phases = Sequence[Sequence[Mapping[str, Any]]]

_WHAT = "Preparing"


def phases(checked: Checked, data: DataSet) -> Phases:
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
        worker: What each worker sets up once.
        trial: CPUs of a worker, as a trial's.
        workers: Items at the same time.
        retries: New attempts for an item whose worker or node died.
        progress: Told of each item.

    Raises:
        SearchError: An item cannot be made; those that were are kept.
    """
    total, done = sum(map(len, wanted)), 0
    if not total:
        return
    progress(_WHAT, done, total)
    with _Pool(worker, trial, min(workers, max(map(len, wanted)))) as pool:
        for phase in wanted:
            for _ in pool.make(phase, retries):
                done += 1
                progress(_WHAT, done, total)


class _Pool:
    """Actors that make items, one each at a time."""

    def __init__(self, worker: WorkerSpec, trial: ResourceSettings, size: int) -> None:
        self._worker = asdict(worker)
        self._actor: Any = ray.remote(num_cpus=trial.cpus)(_Preparer)
        self._actors = [self._actor.remote(self._worker) for _ in range(size)]

    def make(self, phase: Sequence[Mapping[str, Any]], retries: int) -> Iterator[None]:
        """Make the items of a phase; yield as each is done."""
        waiting = deque((json.dumps(item), 0) for item in phase)
        free = list(range(len(self._actors)))
        busy: dict[Any, tuple[int, str, int]] = {}
        while waiting or busy:
            while waiting and free:
                place, (item, attempt) = free.pop(), waiting.popleft()
                busy[self._actors[place].make.remote(item)] = place, item, attempt
            (ready, *_), _ = ray.wait(list(busy), num_returns=1)
            place, item, attempt = busy.pop(ready)
            free.append(place)
            try:
                reason = ray.get(ready)
            except RayActorError as error:
                if attempt == retries:
                    raise _failed(item, one_line(error)) from error
                self._actors[place] = self._actor.remote(self._worker)
                waiting.append((item, attempt + 1))
                continue
            if reason is not None:
                raise _failed(item, reason)
            yield

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for actor in self._actors:
            ray.kill(actor)


def _failed(item: str, reason: str) -> SearchError:
    return SearchError(f"preparation of {item[:100]}: {reason[:300]}")


class _Preparer:
    """Makes items in a process of its own."""

    def __init__(self, worker: Mapping[str, Any]) -> None:
        self._session = Session(WorkerSpec(**worker))

    def make(self, item: str) -> str | None:
        """Make an item; return why it cannot be made, if so."""
        return self._session.prepare(json.loads(item))
