"""``python -m automl.sync NAME …``: bring MLflow to what the ledgers of searches say.

Writes what the store lacks, up to a store that has lost everything: runs, parameters, metrics,
tags, results and reports. The fitted model, which is no part of a ledger, is added when the
search's own command is run again.

Options: ``runs=FOLDER`` (default: runs), ``uri=TRACKING_URI`` (default: each search's own),
``all`` in the place of names.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.disclosure import has_hidden
from automl.errors import SearchError, UserError, one_line
from automl.finish import closing_time, write_outcome
from automl.ledger import Ledger, read_events
from automl.searches import asked_searches
from automl.state import replayed
from automl.tracking.check import check_uri
from automl.tracking.mirror import Mirror


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


def sync(folder: Path, uri: str | None) -> list[str]:
    """Bring MLflow to what the ledger in ``folder`` says.

    Args:
        folder: The search's folder.
        uri: Tracking URI; None for the one that the search was configured with.

    Returns:
        One line for each thing that MLflow still lacks.

    Raises:
        UserError: The search is running, has no plan, or its store cannot be reached.
    """
    path = folder / "ledger.jsonl"
    plan = replayed(read_events(path)[0], path).plan
    if plan is None:
        raise UserError(f"{folder.name}: its ledger has no plan; the search never began")
    tracking: dict[str, Any] = plan["config"]["tracking"]
    uri = uri or tracking["uri"]
    if uri is not None and has_hidden(uri):
        raise UserError(
            f"{folder.name}: its store is {uri}, without credentials; say which with uri="
        )
    if uri is None:
        raise UserError(f"{folder.name}: it was run with tracking=none; say where with uri=")
    try:
        check_uri(uri)
    except (ValueError, OSError) as error:
        raise UserError(one_line(error)) from error
    problems: list[str] = []
    with Ledger(folder) as ledger:
        mirror = Mirror(
            uri,
            experiment=tracking["experiment"] or plan["config"]["data"]["problem"],
            artifact_location=tracking["artifacts"],
            warn=problems.append,
        )
        state = replayed(ledger.events, path)
        mirror.start(ledger.events)
        if state.closed:
            written = write_outcome(state, ledger.events, folder)
            mirror.finish(
                results=written.results,
                files=written.files,
                figures=written.figures,
                model=None,
                time=closing_time(ledger.events),
            )
        # One that has not ended counts as killed.
        return problems + mirror.close(timeout=60.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Sync each search; return 0, 1 if MLflow still lacks something, or 2 for bad input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if {"-h", "--help"} & set(words):
        print(__doc__)
        return 0
    try:
        options = parse_options(words)
        status = 0
        for name in options.names:
            problems = sync(options.runs / name, options.uri)
            for problem in problems:
                print(f"automl: {name}: {problem}", file=sys.stderr)
            status = max(status, 1 if problems else 0)
            if not problems:
                print(f"{name}: MLflow has everything that its ledger says", flush=True)
    except (UserError, SearchError) as error:
        print(f"automl: {error}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
