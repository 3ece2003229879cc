"""Regret of our searches and of the native libraries', at equal budget on cheap surfaces.

python -m benchmarks.search_quality [seeds=30] [surfaces=deepfreak,counting_ones,classical]
                                    [processes=2] [json=FILE] [short=true]
"""

from __future__ import annotations

from importlib.metadata import version
from json import dumps
from pathlib import Path

from benchmarks.quality.campaign import Campaign, run_campaign
from benchmarks.quality.report import tables
from benchmarks.quality.summary import document
from benchmarks.quality.surfaces import SURFACES
from benchmarks.words import Command, choice, file, listed, switch, whole

SEEDS, SHORT_SEEDS = 30, 3
LIBRARIES = ("hyperopt", "hpbandster", "ConfigSpace", "ray", "optuna", "numpy")


def main(
    short: bool = False,
    seeds: int | None = None,
    surfaces: tuple[str, ...] = tuple(SURFACES),
    processes: int = 2,
    json: Path | None = None,
) -> None:
    """Run every method on every surface and print the tables.

    Args:
        short: Smaller budgets and, unless given, fewer seeds.
        seeds: Pairs that each comparison has.
        surfaces: Names of surfaces.
        processes: Searches at the same time.
        json: Where to write all outcomes too.
    """
    if seeds is None:
        seeds = SHORT_SEEDS if short else SEEDS
    once = tuple(dict.fromkeys(surfaces))
    campaign = Campaign(seeds, once, short=short, processes=processes)
    form = "short form: less budget, too few seeds to conclude from" if short else "long form"
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    print(f"{form}; {seeds} seeds; {libraries}", flush=True)
    outcomes = run_campaign(campaign)
    print(tables(outcomes), flush=True)
    if json is not None:
        json.write_text(dumps(document(outcomes), indent=1) + "\n")


command = Command(
    main,
    {
        "seeds": whole(2),
        "surfaces": listed(choice(*SURFACES)),
        "processes": whole(),
        "json": file,
        "short": switch,
    },
)

if __name__ == "__main__":
    raise SystemExit(command())
