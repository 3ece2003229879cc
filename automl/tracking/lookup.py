"""Finds the runs of a search in the store by their tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from automl.tracking.run_view import KILLED, RUNNING, RunKey
from automl.tracking.store import Store

# Not `automl.points`: that counted more metrics, in stores that were written before.
POINTS = "automl.values"
_PAGE = 1000


@dataclass
class Remote:
    """What a run in the store is known to hold.

    ``points`` counts how many of the view's were written, ``inputs`` has the names of data sets
    and ``summary`` the latest value of each metric.
    """

    run_id: str
    status: str
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    summary: dict[str, float] = field(default_factory=dict)
    inputs: set[str] = field(default_factory=set)
    points: int = 0
    end: int | None = None


def find_runs(store: Store, search_id: str) -> dict[RunKey, Remote]:
    """Return the runs of a search; of runs made twice the older one, and the younger is deleted.

    A run is made twice where a server made it but its answer came too late for the client.
    """
    found: dict[RunKey, Remote] = {}
    for run in sorted(_search(store, search_id), key=_age):
        tags = run.data.tags
        key = RunKey(
            tags["automl.kind"],
            tags.get("automl.configuration_id", ""),
            tags.get("automl.confirmation_seed", ""),
        )
        if key in found:
            store.client.set_terminated(run.info.run_id, KILLED)
            store.client.delete_run(run.info.run_id)
        else:
            found[key] = _remote(run)
    return found


def running(store: Store, search_id: str) -> list[Any]:
    """Return the runs of a search that are marked as running."""
    return list(_search(store, search_id, f"attributes.status = '{RUNNING}'"))


def _search(store: Store, search_id: str, condition: str = "") -> Iterator[Any]:
    query = f"tags.`automl.search_id` = '{search_id}'"
    if condition:
        query = f"{query} AND {condition}"
    token: str | None = None
    while True:
        page = store.client.search_runs(
            [store.experiment_id], query, max_results=_PAGE, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return


def _age(run: Any) -> tuple[bool, int, str]:
    # What a run holds is worth more than its age: the one that was written to comes first.
    return (POINTS not in run.data.tags, run.info.start_time, run.info.run_id)


def _remote(run: Any) -> Remote:
    return Remote(
        run.info.run_id,
        run.info.status,
        tags=dict(run.data.tags),
        params=dict(run.data.params),
        summary=dict(run.data.metrics),
        inputs={entry.dataset.name for entry in run.inputs.dataset_inputs},
        points=int(run.data.tags.get(POINTS, 0)),
        end=run.info.end_time,
    )
