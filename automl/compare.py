"""``python -m automl.compare NAME NAME …``: searches side by side.

Says first what differs between them, then what each found, whether their test accuracies differ by
more than chance, which parameters moved and mattered, and what each cost. Searches that are equal
but for their seed are pooled. Writes compare.json and compare.html, and a run of its own in MLflow.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from automl.arguments import CommandLine
from automl.disclosure import hidden
from automl.errors import SearchError, UserError, writing
from automl.tracking.ui import default_uri

_DIFFERENT = 1


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    names: tuple[str, ...]
    group: str | None
    strict: bool
    out: Path | None
    tracking: str | None
    runs: Path


def parse_options(arguments: Sequence[str]) -> Options:
    """Return the options.

    Raises:
        UserError: An option is unknown or lacks its value, or nothing is named.
    """
    parser = CommandLine(prog="python -m automl.compare", description=__doc__, allow_abbrev=False)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a search: a folder under --runs")
    parser.add_argument("--group", metavar="TAG", help="the searches tagged group=TAG in MLflow")
    parser.add_argument(
        "--strict", action="store_true", help="exit with status 1 if the images are not the same"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: RUNS/comparisons/ID")
    parser.add_argument(
        "--tracking", metavar="URI|none", help="an MLflow store; default: that of the first search"
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR")
    found = parser.parse_args(list(arguments))
    return Options(
        names=tuple(found.names),
        group=found.group,
        strict=found.strict,
        out=None if found.out is None else found.out.expanduser().absolute(),
        tracking=found.tracking,
        runs=found.runs.expanduser().absolute(),
    )


def run(options: Options) -> int:
    """Compare; return 0, or with ``strict`` 1 if the images are not the same.

    Raises:
        UserError: A search cannot be read, or the tracking store cannot work.
        SearchError: A file cannot be written, or MLflow does not take the comparison.
    """
    # Imported here: matplotlib and scipy take a second, which --help need not wait for.
    from automl.comparison import compare
    from automl.comparison.page import write_page
    from automl.comparison.source import load_all
    from automl.comparison.text import text
    from automl.comparison.tracked import NONE, log, of_group, store_of
    from automl.results import write_json

    names = list(options.names)
    if options.group is not None:
        asked = options.tracking or default_uri(Path.cwd())
        names += of_group(options.group, options.runs, None if asked == NONE else asked)
    sources = load_all(names, options.runs)
    uri = store_of(sources, options.tracking)
    found = compare(sources)
    out = options.out or options.runs / "comparisons" / found["id"]
    data, page = out / "compare.json", out / "compare.html"
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        write_json(found, data)
        figures = write_page(found, page, out / "figures")
    _print(f"{text(found)}\n\nPage: {page}")
    if uri is not None:
        run_id = log(found, sources, uri, {data.name: data, page.name: page}, figures)
        _print(f"MLflow: run {run_id} at {hidden(uri)}")
    return _DIFFERENT if options.strict and not found["images"]["same"] else 0


def _print(words: str) -> None:
    try:
        print(words, flush=True)
    except BrokenPipeError:
        # Whoever read has enough, as head has; what is written and logged goes on.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status, 2 where the comparison or its log failed."""
    try:
        return run(parse_options(sys.argv[1:] if arguments is None else arguments))
    except (UserError, SearchError) as error:
        print(f"automl: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
