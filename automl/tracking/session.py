"""One connection's worth of writing. Imports MLflow: call `quiet.hush` first."""

from __future__ import annotations

from collections.abc import Callable

from automl.errors import one_line
from automl.tracking import artifacts
from automl.tracking.outcome import Outcome
from automl.tracking.search_view import SearchView
from automl.tracking.store import connect
from automl.tracking.upkeep import analyse
from automl.tracking.uri import sqlite_path
from automl.tracking.writer import Writer
from automl.tracking.written import Written


class Session:
    """Writes views and outcomes to one store until a call fails; then make a new one.

    Args:
        uri: An absolute tracking URI.
        experiment: The experiment's name; it is made if it does not exist.
        artifact_root: See `automl.tracking.uri.artifact_location`.

    Attributes:
        written: What the store has taken.

    Raises:
        RuntimeError: The experiment was deleted.
        mlflow.exceptions.MlflowException: The store does not open; so for every method below.
    """

    def __init__(self, uri: str, experiment: str, artifact_root: str | None) -> None:
        self._store = connect(uri, experiment, artifact_root)
        self._database = sqlite_path(uri)
        self.written = Written()
        self._writer = Writer(self._store, self.written)

    @property
    def experiment_id(self) -> str:
        """The MLflow id of the experiment."""
        return self._store.experiment_id

    @property
    def run_id(self) -> str | None:
        """The MLflow id of the search's own run, once it was written."""
        return self._writer.parent_run_id()

    def write(self, view: SearchView, beat: Callable[[], None] = lambda: None) -> None:
        """Write what the store lacks of the view; ``beat`` is called after each run."""
        self._writer.sync(view, beat)

    def upload(self, outcome: Outcome) -> list[str]:
        """Write files and model of a search whose run was written.

        Returns:
            A line for each thing that could not be written. A store that is gone shows in the
            next `write`.
        """
        run_id = self.run_id
        if run_id is None:
            return ["MLflow has no run of this search to put its files to"]
        problems: list[str] = []

        def attempt(what: str, action: Callable[[str], list[str]]) -> None:
            try:
                problems.extend(action(run_id))
            except Exception as error:  # Saving a user's model or file may fail in any way.
                problems.append(f"{what} not in MLflow: {one_line(error)}")

        attempt("files", lambda run: self._upload_files(run, outcome))
        attempt("model", lambda run: self._upload_model(run, outcome))
        return problems

    def end_orphans(self, view: SearchView) -> None:
        """End runs of the search that are marked as running though nothing runs any more."""
        self._writer.end_orphans(view.search_id)

    def tidy(self) -> None:
        """Leave a store in which MLflow's pages find runs fast."""
        if self._database is not None:
            analyse(self._database)

    def _upload_files(self, run_id: str, outcome: Outcome) -> list[str]:
        before = artifacts.listed(self._store, run_id)
        missing = artifacts.upload_files(self._store, run_id, outcome.files, outcome.figures)
        self.written.files += len(artifacts.listed(self._store, run_id) - before)
        return missing

    def _upload_model(self, run_id: str, outcome: Outcome) -> list[str]:
        if outcome.model is None:
            return []
        # Imported when a model comes: MLflow's flavours import what they save.
        from automl.tracking import model_upload, registry

        entry = model_upload.find_model(self._store, run_id)
        name = registry.name_of(self._store, run_id)
        if entry is not None and name is not None:
            registry.mark(self._store, run_id, entry, name)
            return []
        # Loaded only if it is needed: its file may be gone by now.
        model = outcome.model()
        if model is not None:
            entry = entry or model_upload.upload_model(self._store, run_id, model)
            experiment = self._store.client.get_experiment(self._store.experiment_id)
            size = model.input_example.shape[1:3]
            wanted = registry.entry(experiment.name, outcome.results, size)
            registry.register(self._store, run_id, entry, wanted)
            self.written.models += 1
        return []
