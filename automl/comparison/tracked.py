"""What MLflow is told of a comparison, and which searches it knows of a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.comparison.source import Source, plans
from automl.disclosure import has_hidden, hidden
from automl.errors import SearchError, UserError, one_line
from automl.tracking.check import check_uri
from automl.tracking.quiet import hush
from automl.tracking.uri import absolute_uri, sqlite_path

Json = Mapping[str, Any]

NONE = "none"


def store_of(sources: Sequence[Source], uri: str | None) -> str | None:
    """Return where a comparison is logged: ``uri``, or the first search's own store; None: nowhere.

    Raises:
        UserError: That URI cannot work.
    """
    chosen = uri or next(filter(None, (_tracking(source)["uri"] for source in sources)), NONE)
    if chosen == NONE:
        return None
    if has_hidden(chosen):
        raise UserError(
            f"the store of the searches is {chosen}, without credentials; say which with --tracking"
        )
    try:
        check_uri(chosen)
    except (ValueError, OSError) as error:
        raise UserError(one_line(error)) from error
    return absolute_uri(chosen)


def of_group(tag: str, runs: Path, uri: str | None) -> list[str]:
    """Return the names of the searches of a group.

    Args:
        tag: The value of the tag ``group``.
        runs: The folder of all runs.
        uri: The store whose parent runs are asked; None: the ledgers are, for ``search.group``.

    Raises:
        UserError: There are none, or one of them has no folder under ``runs``.
    """
    known = plans(runs)
    if uri is None:
        names = [
            name
            for name, plan in known.items()
            if str((plan["config"].get("search") or {}).get("group")) == tag
        ]
    else:
        folders = {plan["search_id"]: name for name, plan in known.items()}
        ids = _asked(absolute_uri(uri), tag)
        lost = [search_id for search_id in ids if search_id not in folders]
        if lost:
            raise UserError(
                f"--group {tag}: {len(lost)} of its searches have no folder in {runs} "
                f"(search id {lost[0]}); say where they are with --runs, or name the others"
            )
        names = [folders[search_id] for search_id in ids]
    if not names:
        where = f"{runs} has" if uri is None else f"{hidden(uri)} has"
        raise UserError(
            f"--group {tag}: {where} no search with this tag; begin one with "
            f"search.group={tag}, or set the tag 'group' of its run in MLflow"
        )
    return names


def log(
    found: Json,
    sources: Sequence[Source],
    uri: str,
    files: Mapping[str, Path],
    figures: Mapping[str, Path],
) -> str:
    """Log a comparison to MLflow, in the experiment of its first search; return the run's id.

    Raises:
        SearchError: MLflow does not take it.
    """
    hush()
    # Imported when it is needed: MLflow takes seconds to import.
    from automl.tracking.comparison_run import ComparisonRun, log_comparison

    plan = sources[0].plan
    tracking = _tracking(sources[0])
    run = ComparisonRun(
        identifier=found["id"],
        name="compare " + ", ".join(group["label"].partition(": ")[2] for group in found["groups"]),
        searches=[(source.name, str(source.plan["search_id"])) for source in sources],
        facts={"same_images": str(found["images"]["same"]).lower()},
        metrics=dict(_metrics(found)),
        note=f"**{found['images']['line']}**",
        time=max(round(1000 * float(source.events[-1]["time"])) for source in sources),
    )
    experiment = tracking.get("experiment") or plan["config"]["data"].get("problem") or "automl"
    try:
        return log_comparison(uri, experiment, tracking.get("artifacts"), run, files, figures)
    except Exception as error:  # Whatever MLflow raises: the comparison itself is on disk.
        raise SearchError(f"the comparison is not in MLflow: {one_line(error)}") from error


def _metrics(found: Json) -> list[tuple[str, float]]:
    accuracies = [
        (f"{search['key']}/test_accuracy_{entry['domain']}", entry["accuracy"])
        for search in found["searches"]
        for entry in search["evaluation"]
    ]
    tested = [
        (f"{row['b']} - {row['a']}/test_difference_{row['domain']}", row["difference"])
        for row in found["pairs"]
        if row["reason"] is None
    ]
    latencies = [
        (f"{search['key']}/confirmed_latency_ms", search["latency"]["confirmed"]["latency_ms"])
        for search in found["searches"]
        if "latency" in search and search["latency"]["confirmed"] is not None
    ]
    return accuracies + tested + latencies


def _asked(uri: str, tag: str) -> list[str]:
    path = sqlite_path(uri)
    if path is not None and not path.is_file():
        raise UserError(
            f"--group {tag}: there is no store at {hidden(uri)}; say which with --tracking"
        )
    hush()
    from automl.tracking.comparison_run import grouped

    try:
        check_uri(uri)
        return grouped(uri, tag)
    except Exception as error:  # Whatever MLflow raises.
        raise UserError(f"--group {tag}: {one_line(error)}") from error


def _tracking(source: Source) -> dict[str, Any]:
    found = source.plan["config"].get("tracking") or {}
    return {"uri": None, **found}
