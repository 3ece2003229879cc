"""All searches of a benchmark, shared out over processes."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from benchmarks.quality.methods import METHODS
from benchmarks.quality.outcome import Outcome, run
from benchmarks.quality.surfaces import SURFACES

# A model-based draw of these costs tens of milliseconds; the other searches take a second or two.
_DEAR = frozenset({"bohb, warm", "bohb, continued", "Ray BOHB", "HpBandSter BOHB", "bohb"})


@dataclass(frozen=True)
class Campaign:
    """What is run.

    Attributes:
        seeds: How many seeds, counted from 0.
        surfaces: Names of surfaces.
        methods: Names of methods; those that a surface has no use for are left out of it.
        short: Whether each search has the smaller budget.
        processes: Searches at the same time; what comes of them does not depend on it.
    """

    seeds: int
    surfaces: tuple[str, ...]
    methods: tuple[str, ...] = tuple(METHODS)
    short: bool = False
    processes: int = 2

    def total(self, surface: str) -> int:
        """Budget of each search on a surface."""
        family = SURFACES[surface]
        return family.short if self.short else family.total

    def jobs(self) -> list[tuple[str, str, int, int]]:
        """Surface, method, seed and total of every search, the dearest first."""
        order = sorted(self.methods, key=lambda name: name not in _DEAR)
        return [
            (surface, method, seed, self.total(surface))
            for method in order
            for surface in self.surfaces
            if SURFACES[surface].fidelities or not METHODS[method].fidelities
            for seed in range(self.seeds)
        ]


def run_campaign(campaign: Campaign) -> list[Outcome]:
    """Run every search; progress goes to standard error.

    Returns:
        The outcomes by surface, method and seed, whatever the order in which they ended.
    """
    # One thread each: the processes are the unit of parallelism. They inherit it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    jobs = campaign.jobs()
    outcomes: list[Outcome] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(campaign.processes, mp_context=context) as pool:
        futures = [pool.submit(run, *job) for job in jobs]
        for done, future in enumerate(as_completed(futures), start=1):
            outcomes.extend(future.result())
            _progress(done, len(jobs))
    return sorted(outcomes, key=lambda outcome: _place(outcome, campaign.surfaces))


def _place(outcome: Outcome, surfaces: Sequence[str]) -> tuple[int, int, int]:
    names = [
        name
        for method, entry in METHODS.items()
        for name in (method, entry.any_budget_name)
        if name is not None
    ]
    return surfaces.index(outcome.surface), names.index(outcome.method), outcome.seed


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == of else ""
        print(f"\r{done} of {of} searches", end=end, file=sys.stderr, flush=True)
    elif done * 10 // of > (done - 1) * 10 // of:  # a tenth more
        print(f"{done} of {of} searches", file=sys.stderr, flush=True)
