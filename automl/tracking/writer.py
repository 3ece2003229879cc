"""Brings MLflow's runs to what a view wants of them, writing only what is missing."""

from __future__ import annotations

from collections.abc import Callable

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from automl.tracking import links, lookup
from automl.tracking.lookup import POINTS, Remote
from automl.tracking.run_view import KILLED, RUNNING, SEARCH, DatasetView, RunKey, RunView
from automl.tracking.search_view import SearchView
from automl.tracking.store import Store
from automl.tracking.written import Written

_NOTE = "mlflow.note.content"
_METRICS_PER_CALL = 800
_OTHERS_PER_CALL = 100


class Writer:
    """Writes one search to one store.

    Any call may fail with whatever MLflow raises. Nothing is lost by that: a new writer finds
    the runs by their tags and goes on from what they hold.
    """

    def __init__(self, store: Store, written: Written | None = None) -> None:
        self.store = store
        self.written = written or Written()
        self._client = store.client
        self._remotes: dict[RunKey, Remote] | None = None
        self._compared = False

    def sync(self, view: SearchView, beat: Callable[[], None] = lambda: None) -> None:
        """Write whatever the store lacks of the view.

        A new writer compares every run with what the store holds; after that only runs that
        have changed are looked at, so that a write costs the same late in a long search.

        Args:
            view: The search.
            beat: Called after each run that was brought up to date.
        """
        if view.parent is None:
            return
        if self._remotes is None:
            self._tag_experiment(view.experiment_tags)
            self._remotes = lookup.find_runs(self.store, view.search_id)
        parent = self._write(self._remotes, view.parent, None)
        for run in view.children.values():
            if run.changed or not self._compared:
                self._write(self._remotes, run, parent.run_id)
                run.changed = False
                beat()
        self._compared = True

    def parent_run_id(self) -> str | None:
        """Return the id of the search's own run, once it was written."""
        remote = (self._remotes or {}).get(RunKey(SEARCH))
        return None if remote is None else remote.run_id

    def end_orphans(self, search_id: str) -> None:
        """End runs of the search that are still marked as running: nothing runs any more."""
        for run in lookup.running(self.store, search_id):
            self._client.set_terminated(run.info.run_id, KILLED)

    def _write(self, remotes: dict[RunKey, Remote], run: RunView, parent_id: str | None) -> Remote:
        tags = dict(run.tags)
        if parent_id is not None:
            tags["mlflow.parentRunId"] = parent_id
        remote = remotes.get(run.key)
        is_new = remote is None
        if remote is None:
            remote = remotes[run.key] = self._create(run, tags)
            self.written.runs += 1
        if remote.points > len(run.points):
            # The store knows of more than the ledger does: its last lines were lost to a power
            # cut. Everything is sent again; equal rows are not doubled.
            remote.points = 0
        if _NOTE in tags:
            tags[_NOTE] = links.resolved(tags[_NOTE], self.store.experiment_id, remote.run_id)
        done = [
            self._log(run, tags, remote),
            self._log_inputs(run, remote),
            self._set_status(run, remote),
        ]
        self.written.updated += any(done) and not is_new
        return remote

    def _tag_experiment(self, tags: dict[str, str]) -> None:
        """Give the experiment what it lacks; what it has may be somebody's own by now."""
        known = self._client.get_experiment(self.store.experiment_id).tags
        for key, value in tags.items():
            if key not in known:
                self._client.set_experiment_tag(self.store.experiment_id, key, value)

    def _set_status(self, run: RunView, remote: Remote) -> bool:
        if run.status == RUNNING:
            lacks = remote.status != RUNNING
            if lacks:
                self._client.update_run(remote.run_id, status=RUNNING)
        else:
            lacks = (remote.status, remote.end) != (run.status, run.end)
            if lacks:
                self._client.set_terminated(remote.run_id, run.status, run.end)
        remote.status, remote.end = run.status, run.end
        return lacks

    def _create(self, run: RunView, tags: dict[str, str]) -> Remote:
        created = self._client.create_run(
            self.store.experiment_id, start_time=run.start, tags=tags, run_name=run.name
        )
        return Remote(created.info.run_id, RUNNING, tags=dict(tags))

    def _log(self, run: RunView, wanted: dict[str, str], remote: Remote) -> bool:
        params = [Param(k, v) for k, v in run.params.items() if k not in remote.params]
        tags = [RunTag(k, v) for k, v in wanted.items() if remote.tags.get(k) != v]
        metrics = [Metric(p.key, p.value, p.time, p.step) for p in run.points[remote.points :]]
        if metrics:
            # MLflow writes metrics before tags: where this count stands, its points stand too.
            tags.append(RunTag(POINTS, str(len(run.points))))
        changed = {k: v for k, v in run.summary.items() if not _same(remote.summary.get(k), v)}
        metrics += [Metric(k, v, run.summary_time, 0) for k, v in changed.items()]
        self._log_batches(remote.run_id, metrics, params, tags)
        self.written.metrics += len(metrics)
        remote.params.update(run.params)
        remote.tags.update(wanted)
        remote.points = len(run.points)
        remote.summary.update(changed)
        return bool(metrics or params or tags)

    def _log_batches(self, run_id: str, metrics: list, params: list, tags: list) -> None:
        """Log in as few calls as MLflow's limits allow, the tags in the last ones."""
        while len(metrics) > _METRICS_PER_CALL or len(params) > _OTHERS_PER_CALL:
            head, metrics = metrics[:_METRICS_PER_CALL], metrics[_METRICS_PER_CALL:]
            first, params = params[:_OTHERS_PER_CALL], params[_OTHERS_PER_CALL:]
            self._client.log_batch(run_id, metrics=head, params=first)
        if metrics or params or tags:
            self._client.log_batch(run_id, metrics=metrics, params=params, tags=tags)

    def _log_inputs(self, run: RunView, remote: Remote) -> bool:
        new = [view for view in run.inputs if view.name not in remote.inputs]
        if new:
            self._client.log_inputs(remote.run_id, datasets=[_dataset(view) for view in new])
            remote.inputs.update(view.name for view in new)
        return bool(new)


def _same(old: float | None, new: float) -> bool:
    """Whether a stored figure is the new one; NaN is itself here."""
    return old == new or (old is not None and old != old and new != new)


def _dataset(view: DatasetView) -> DatasetInput:
    dataset = Dataset(
        name=view.name,
        digest=view.digest,
        source_type="local",
        source=view.source,
        profile=view.profile,
    )
    return DatasetInput(dataset, tags=[InputTag("mlflow.data.context", view.context)])
