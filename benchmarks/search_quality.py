"""Regret of our searches and of the native libraries', at equal budget on cheap surfaces.

python -m benchmarks.search_quality [seeds=30] [surfaces=deepfreak,counting_ones,classical]
                                    [processes=2] [json=FILE] [short=true]
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.quality.campaign import Campaign, run_campaign
from benchmarks.quality.report import tables
from benchmarks.quality.summary import document
from benchmarks.quality.surfaces import SURFACES

SEEDS, SHORT_SEEDS = 30, 3
KEYS = ("seeds", "surfaces", "processes", "json", "short")
LIBRARIES = ("hyperopt", "hpbandster", "ConfigSpace", "ray", "optuna", "numpy")


def main(
    short: bool = False,
    seeds: int | None = None,
    surfaces: tuple[str, ...] = tuple(SURFACES),
    processes: int = 2,
    json_file: Path | None = None,
) -> None:
    """Run every method on every surface and print the tables.

    Args:
        short: Smaller budgets and, unless given, fewer seeds.
        seeds: Pairs that each comparison has.
        surfaces: Names of surfaces.
        processes: Searches at the same time.
        json_file: Where to write all outcomes too.
    """
    if seeds is None:
        seeds = SHORT_SEEDS if short else SEEDS
    campaign = Campaign(seeds, surfaces, short=short, processes=processes)
    form = "short form: less budget, too few seeds to conclude from" if short else "long form"
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    print(f"{form}; {seeds} seeds; {libraries}", flush=True)
    outcomes = run_campaign(campaign)
    print(tables(outcomes), flush=True)
    if json_file is not None:
        json_file.write_text(json.dumps(document(outcomes), indent=1) + "\n")


def arguments(words: list[str]) -> dict[str, Any]:
    """Read ``key=value`` words as `main` takes them.

    Raises:
        ValueError: In one line, naming the word.
    """
    given: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in KEYS:
            raise ValueError(f"{word}: expected KEY=VALUE with one of {', '.join(KEYS)}")
        if key in ("seeds", "processes"):
            given[key] = _whole(key, value, least=2 if key == "seeds" else 1)
        elif key == "surfaces":
            given[key] = _surfaces(value)
        elif key == "json":
            given["json_file"] = _file(value)
        elif value in ("true", "false"):
            given[key] = value == "true"
        else:
            raise ValueError(f"{word}: true or false")
    return given


def _whole(key: str, value: str, least: int) -> int:
    if not value.isdecimal() or int(value) < least:
        raise ValueError(f"{key}={value}: must be a whole number of at least {least}")
    return int(value)


def _surfaces(value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(value.split(",")))
    for name in names:
        if name not in SURFACES:
            raise ValueError(f"surfaces={value}: {name!r} is none of {', '.join(SURFACES)}")
    return names


def _file(value: str) -> Path:
    path = Path(value)
    if not path.parent.is_dir() or path.is_dir():
        raise ValueError(f"json={value}: not a file in a folder that exists")
    return path


if __name__ == "__main__":
    try:
        options = arguments(sys.argv[1:])
    except ValueError as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    main(**options)
