"""``python -m automl.report NAME …``: make the page of a search again from its ledger.

Writes report.html and the folder figures in the search's folder; also for a search that is not
over, with what its ledger says so far.

Options: ``runs=FOLDER`` (default: runs), ``out=FOLDER`` (default: the search's own),
``cache=FOLDER`` (where the images are packed; default: as the search was configured), ``all`` in
the place of names.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from automl.errors import SearchError, UserError, one_line, writing
from automl.searches import asked_searches

_KEYS = ("runs", "out", "cache")


@dataclass(frozen=True)
class Options:
    """What was asked for: names of searches, their folder, where to write, where images are."""

    names: tuple[str, ...]
    runs: Path
    out: Path | None
    cache: Path | None


def parse_options(arguments: Sequence[str]) -> Options:
    """Return the options from names and ``key=value`` arguments.

    Raises:
        UserError: An option is unknown or has no value, no search is named, one does not exist,
            or several would be written into one folder.
    """
    names, runs, values = asked_searches(arguments, _KEYS)
    if "out" in values and len(names) > 1:
        raise UserError("out= takes the page of one search; name one")
    out, cache = (
        Path(values[key]).expanduser().absolute() if key in values else None
        for key in ("out", "cache")
    )
    return Options(names, runs, out, cache)


def rebuild(folder: Path, out: Path, cache: Path | None = None) -> Path:
    """Write the page of the search in ``folder`` and its figures into ``out``; return the page.

    Raises:
        UserError: The search never began, or its ledger cannot be read.
        SearchError: A file cannot be written.
    """
    # Imported here: matplotlib takes a second, which --help need not wait for.
    from automl.comparison.source import load
    from automl.report.build import build_report
    from automl.report.details import detailed

    source = load(folder)
    page = out / "report.html"
    try:
        with writing(out):
            found = detailed(source.results, source.state)
            build_report(found, page, out / "figures", cache=cache)
    except ValueError as error:
        raise UserError(f"{folder.name}: {one_line(error)}") from error
    return page


def main(arguments: Sequence[str] | None = None) -> int:
    """Make each page; return 0, or 2 where something is wrong."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if {"-h", "--help"} & set(words):
        print(__doc__)
        return 0
    try:
        options = parse_options(words)
        for name in options.names:
            folder = options.runs / name
            page = rebuild(folder, options.out or folder, options.cache)
            print(f"{name}: {page}", flush=True)
    except (UserError, SearchError) as error:
        print(f"automl: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
