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

from automl.errors import SearchError, UserError, near_miss
from automl.finish import closing_time, write_outcome
from automl.ledger import Ledger, plan_event, read_events
from automl.state import SearchState
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
        UserError: An option is unknown, no search is named, or one does not exist.
    """
    values: dict[str, str] = {}
    names: list[str] = []
    for argument in arguments:
        key, equals, value = argument.partition("=")
        # A default name has no '=' in it, but a user's may.
        if equals and key in ("runs", "uri"):
            values[key] = value
        else:
            names.append(argument)
    runs = Path(values.get("runs", "runs")).expanduser().absolute()
    known = sorted(path.parent.name for path in runs.glob("*/ledger.jsonl"))
    if names == ["all"]:
        names = known
    if not names:
        raise UserError(f"no search is named; {_known(runs, known)}")
    for name in names:
        if name not in known:
            raise UserError(f"{name}: no search of that name in {runs}{near_miss(name, known)}")
    return Options(tuple(names), runs, values.get("uri"))


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
    plan = plan_event(read_events(folder / "ledger.jsonl")[0])
    if plan is None:
        raise UserError(f"{folder.name}: its ledger has no plan; the search never began")
    tracking: dict[str, Any] = plan["config"]["tracking"]
    uri = uri or tracking["uri"]
    if uri is None:
        raise UserError(f"{folder.name}: it was run with tracking=none; say where with uri=")
    try:
        check_uri(uri)
    except (ValueError, OSError) as error:
        raise UserError(str(error)) from error
    problems: list[str] = []
    with Ledger(folder) as ledger:
        mirror = Mirror(
            uri,
            experiment=tracking["experiment"] or plan["config"]["data"]["problem"],
            artifact_location=tracking["artifacts"],
            warn=problems.append,
        )
        state = SearchState()
        for event in ledger.events:
            state.apply(event)
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


def _known(runs: Path, known: Sequence[str]) -> str:
    return f"known in {runs}: {', '.join(known)}" if known else f"there are none in {runs}"


if __name__ == "__main__":
    sys.exit(main())
