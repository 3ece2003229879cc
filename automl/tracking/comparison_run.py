"""A comparison as a run of its own, beside those of its searches. Imports MLflow: hush first."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow.entities import Metric, RunTag
from mlflow.tracking import MlflowClient

from automl.tracking import naming
from automl.tracking.artifacts import upload_files
from automl.tracking.quiet import silence_loggers
from automl.tracking.run_view import FINISHED, SEARCH
from automl.tracking.store import Store, connect

COMPARISON = "comparison"
GROUP = "group"
_PER_CALL = 90


@dataclass(frozen=True)
class ComparisonRun:
    """What the run should hold.

    Attributes:
        identifier: of the comparison; the same searches have one run, however often compared.
        name: of the run.
        searches: (name, search id) of each.
        facts: tags ``automl.<name>``.
        metrics: final figures.
        note: Markdown above the links to the searches' runs.
        time: of the figures, in milliseconds since 1970.
    """

    identifier: str
    name: str
    searches: Sequence[tuple[str, str]]
    facts: Mapping[str, object]
    metrics: Mapping[str, float]
    note: str
    time: int


def log_comparison(
    uri: str,
    experiment: str,
    artifact_root: str | None,
    run: ComparisonRun,
    files: Mapping[str, Path],
    figures: Mapping[str, Path],
) -> str:
    """Write a comparison's run, or bring the one it has up to date; return the run's id.

    The runs of its searches are looked up and left as they are.

    Args:
        uri: An absolute tracking URI.
        experiment: The experiment of the searches.
        artifact_root: See `automl.tracking.uri.artifact_location`.
        run: What it should hold.
        files: Artifact names and the files.
        figures: The same for pictures, which go into ``figures/``.

    Raises:
        RuntimeError: The experiment was deleted.
        mlflow.exceptions.MlflowException: The store cannot be opened or written.
        OSError: A file cannot be read, or the artifact folder not be written.
    """
    store = connect(uri, experiment, artifact_root)
    sources = {name: _find(store, "search_id", search, SEARCH) for name, search in run.searches}
    tags = {
        "automl.kind": COMPARISON,
        "automl.comparison": run.identifier,
        "automl.searches": ", ".join(sources),
        "automl.source_runs": ", ".join(found for found in sources.values() if found),
        "mlflow.source.name": "automl.compare",
        "mlflow.source.type": "LOCAL",
        "mlflow.note.content": f"{run.note}\n\n{_links(store, sources)}",
        **{f"automl.{name}": value for name, value in run.facts.items()},
    }
    written = {key: naming.tag_value(value) for key, value in tags.items()}
    run_id = _find(store, "comparison", run.identifier, COMPARISON)
    if run_id is None:
        created = store.client.create_run(
            store.experiment_id, start_time=_now(), tags=written, run_name=run.name
        )
        run_id = str(created.info.run_id)
    metrics = [Metric(naming.key(k), v, run.time, 0) for k, v in run.metrics.items()]
    for first in range(0, len(metrics), _PER_CALL):
        store.client.log_batch(run_id, metrics=metrics[first : first + _PER_CALL])
    store.client.log_batch(run_id, tags=[RunTag(key, value) for key, value in written.items()])
    upload_files(store, run_id, files, figures)
    store.client.set_terminated(run_id, FINISHED, _now())
    return run_id


def grouped(uri: str, tag: str) -> list[str]:
    """Return the search ids of the parent runs that are tagged ``group=TAG``, the oldest first.

    Args:
        uri: An absolute tracking URI of a store that exists.
        tag: The tag's value.

    Raises:
        mlflow.exceptions.MlflowException: The store does not answer, or refuses the tag.
    """
    silence_loggers()
    client = MlflowClient(uri)
    experiments = [one.experiment_id for one in client.search_experiments()]
    quote = '"' if "'" in tag else "'"
    query = f"tags.`{GROUP}` = {quote}{tag}{quote} AND tags.`automl.kind` = '{SEARCH}'"
    found: list[str] = []
    token: str | None = None
    while True:
        page = client.search_runs(
            experiments, query, order_by=["attributes.start_time ASC"], page_token=token
        )
        found += [run.data.tags["automl.search_id"] for run in page]
        token = page.token
        if not token:
            return found


def _find(store: Store, tag: str, value: str, kind: str) -> str | None:
    """Return the id of the oldest run of a kind with a tag ``automl.<tag>``."""
    query = f"tags.`automl.{tag}` = '{value}' AND tags.`automl.kind` = '{kind}'"
    page: Any = store.client.search_runs(
        [store.experiment_id], query, max_results=1, order_by=["attributes.start_time ASC"]
    )
    return str(page[0].info.run_id) if page else None


def _links(store: Store, sources: Mapping[str, str | None]) -> str:
    lines = []
    for name, run_id in sources.items():
        if run_id is None:
            lines.append(f"- {name} (no run here)")
        else:
            lines.append(f"- [{name}](#/experiments/{store.experiment_id}/runs/{run_id})")
    return "\n".join(lines)


def _now() -> int:
    return round(time.time() * 1000)
