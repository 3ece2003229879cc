"""``python -m automl.sync NAME …``: bring MLflow to what the ledgers of searches say.

Writes what the store lacks, up to a store that has lost everything: runs with their parameters,
metrics and tags, results, reports, and the chosen model with its place in the registry. A model
that cannot be loaded without the search's images comes with the search's own command, and a
comparison with automl.compare.

Options: ``runs=FOLDER`` (default: runs), ``uri=TRACKING_URI`` (default: each search's own),
``all`` in the place of names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from automl.command_line import python_command
from automl.disclosure import has_hidden
from automl.errors import SearchError, UserError, one_line
from automl.final_model import restored_model
from automl.finish import closing_time, write_outcome
from automl.ledger import Ledger, read_events
from automl.prediction.chosen import find_search
from automl.searches import asked_searches
from automl.state import replayed
from automl.tracking.check import check_uri
from automl.tracking.mirror import Mirror
from automl.tracking.model import LoggedModel
from automl.tracking.written import Written

_RUNS = "runs"  # where automl.compare looks for searches unless it is told otherwise


@dataclass(frozen=True)
class Options:
    """What was asked for: names of searches, their folder, and perhaps another store."""

    names: tuple[str, ...]
    runs: Path
    uri: str | None


def parse_options(arguments: Sequence[str]) -> Options:
    """Return the options from names and ``key=value`` arguments.

    Raises:
        UserError: An option is unknown or empty, no search is named, or one does not exist.
    """
    names, runs, values = asked_searches(arguments, ("runs", "uri"))
    return Options(names, runs, values.get("uri"))


@dataclass(frozen=True)
class Synced:
    """What became of one search.

    Attributes:
        written: What MLflow lacked and was given.
        problems: One line for each thing that it still lacks.
        notes: One line for each thing that only the search's own command can write.
    """

    written: Written
    problems: Sequence[str]
    notes: Sequence[str]


def sync(folder: Path, uri: str | None) -> Synced:
    """Bring MLflow to what the ledger in ``folder`` says.

    Args:
        folder: The search's folder.
        uri: Tracking URI; None for the one that the search was configured with.

    Raises:
        UserError: The search is running, has no plan, or its store cannot be reached.
    """
    path = folder / "ledger.jsonl"
    plan = replayed(read_events(path)[0], path).plan
    if plan is None:
        raise UserError(f"{folder.name}: its ledger has no plan; the search never began")
    tracking: dict[str, Any] = plan["config"]["tracking"]
    uri = _store(folder.name, uri or tracking["uri"])
    notes: list[str] = []
    with Ledger(folder) as ledger:
        mirror = Mirror(
            uri,
            experiment=tracking["experiment"] or plan["config"]["data"]["problem"],
            artifact_location=tracking["artifacts"],
            # It may pass; what does not is said at the end.
            warn=partial(_say, folder.name),
        )
        state = replayed(ledger.events, path)
        # All before the writer starts: what is compared with the store is the search's end.
        for event in ledger.events:
            mirror.append(event)
        if state.closed:
            written = write_outcome(state, ledger.events, folder)
            mirror.finish(
                results=written.results,
                files=written.files,
                figures=written.figures,
                model=partial(_model, folder, notes.append),
                time=closing_time(ledger.events),
            )
        else:
            mirror.left(round(1000 * float(ledger.events[-1]["time"])))
        mirror.start([])
        problems = mirror.close(timeout=60.0)
        return Synced(mirror.written, problems, notes)


def _say(name: str, text: str) -> None:
    print(f"automl: {name}: {text}", file=sys.stderr, flush=True)


def _age(runs: Path, name: str) -> float:
    """Return when a search last wrote; in this order versions of models get their numbers."""
    return (runs / name / "ledger.jsonl").stat().st_mtime


def _store(name: str, uri: str | None) -> str:
    if uri is None:
        raise UserError(
            f"{name}: it was run with tracking=none; say where with uri=, such as "
            "uri=sqlite:///mlflow/mlflow.db"
        )
    if has_hidden(uri):
        raise UserError(f"{name}: its store is {uri}, without credentials; say which with uri=")
    try:
        check_uri(uri)
    except (ValueError, OSError) as error:
        raise UserError(one_line(error)) from error
    return uri


def _model(folder: Path, note: Callable[[str], None]) -> LoggedModel | None:
    """Load a finished search's model; called where MLflow lacks it."""
    model = restored_model(find_search(folder.name, folder.parent))
    if model is None:
        note("its model comes with the search's own command, which has the images that it needs")
    return model


def stale_comparisons(options: Options, made: Set[str]) -> Iterator[str]:
    """Yield one line for each comparison of searches whose runs were made.

    Args:
        options: What was asked for.
        made: Names of the searches.
    """
    words = ["--runs", str(options.runs)] if options.runs != Path(_RUNS).absolute() else []
    words += ["--tracking", options.uri] if options.uri else []
    for path in sorted((options.runs / "comparisons").glob("*/compare.json")):
        try:
            names = [str(found["name"]) for found in json.loads(path.read_text())["searches"]]
        except (OSError, LookupError, TypeError, ValueError):
            continue
        if made & set(names):
            command = python_command("automl.compare", [*names, *words])
            yield f"comparison {path.parent.name}: {command} brings it to MLflow"


def main(arguments: Sequence[str] | None = None) -> int:
    """Sync each search; return 0, 1 if MLflow still lacks something, or 2 for bad input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if {"-h", "--help"} & set(words):
        print(__doc__)
        return 0
    try:
        options = parse_options(words)
        status, made = 0, set[str]()
        for name in sorted(options.names, key=partial(_age, options.runs)):
            synced = sync(options.runs / name, options.uri)
            given = str(synced.written)
            if given or not synced.problems:
                said = f"wrote {given}" if given else "MLflow lacked nothing"
                print(f"{name}: {said}", flush=True)
            for note in synced.notes:
                print(f"{name}: {note}", flush=True)
            for problem in synced.problems:
                _say(name, problem)
            status = max(status, 1 if synced.problems else 0)
            if synced.written.runs:
                made.add(name)
        for line in stale_comparisons(options, made):
            print(line, flush=True)
    except (UserError, SearchError) as error:
        print(f"automl: {error}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
