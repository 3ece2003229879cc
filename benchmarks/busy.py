"""Share of the workers' time that is work, when trials differ in length, by order and schedule.

python -m benchmarks.busy [seeds=20] [short=true]

A simulation without sleeping: the project's own algorithms behind its own conductor, against
textbook barriers and HpBandSter's iterations. The brackets are those of the paper's BOHB (1 to
50 epochs, eta 3, 16 iterations); configurations are drawn uniformly, because a model would
change which ones are drawn but not who waits for whom. An epoch takes a log-normal time that is
a property of the configuration: exp(sigma z) seconds, z standard normal.
"""

from __future__ import annotations

import functools
import hashlib
import math
import time
from collections.abc import Callable, Mapping
from statistics import NormalDist, fmean
from types import MappingProxyType

from automl.algorithms import Algorithm, build
from automl.algorithms.randomness import derived_seeds
from automl.algorithms.sampling import UniformSampler
from automl.conductor import Conductor
from automl.settings import Order
from automl.statistics import mean_interval
from benchmarks.schedules import Barriers, Batches, Conducted, HpBandSter
from benchmarks.simulated_workers import Outcome, Schedule, simulate
from benchmarks.words import Command, switch, whole
from searchspaces import Space, parse_space

WORKERS = (2, 4, 8, 16)
SIGMAS = (0.0, 0.5, 1.0)
BANDS = (1, 50, 3, 16)
TRIALS = 56  # of 50 epochs: as many epochs as the brackets take from scratch
LOOKAHEADS = (1.0, 1.5, 2.0, 3.0)
ARRIVAL = "order=arrival"

Make = Callable[[int, int], Schedule]
"""From a seed and a number of workers to a fresh schedule."""


def space() -> Space:
    """One parameter: nothing here depends on what is drawn."""
    parameter = {"type": "float", "lower": 0.0, "upper": 1.0, "default": 0.5}
    return parse_space({"name": "busy", "source": "none", "parameters": {"x": parameter}})


def uniform(configuration_id: str, purpose: str) -> float:
    """A number in (0, 1) that belongs to a configuration, another one for each purpose."""
    digest = hashlib.sha256(f"{purpose} {configuration_id}".encode()).digest()
    return (int.from_bytes(digest[:6]) + 0.5) / 2**48


def loss(configuration_id: str) -> float:
    """Independent of how long an epoch takes."""
    return uniform(configuration_id, "loss")


def seconds_per_epoch(sigma: float) -> Callable[[str], float]:
    """Seconds by configuration, with median 1."""
    normal = NormalDist()
    return functools.cache(lambda name: math.exp(sigma * normal.inv_cdf(uniform(name, "seconds"))))


def brackets(seed: int) -> Algorithm:
    low, high, eta, iterations = BANDS
    return build(
        "hyperband",
        space(),
        seed,
        min_budget=low,
        max_budget=high,
        eta=eta,
        iterations=iterations,
    )


def one_budget(seed: int) -> Algorithm:
    return build("random", space(), seed, trials=TRIALS, budget=BANDS[1])


def sampler(seed: int) -> UniformSampler:
    """What `brackets` draws from."""
    return UniformSampler(space(), derived_seeds(seed, 1)[0])


def orders(algorithm: Callable[[int], Algorithm], *repeatable: Order) -> dict[str, Make]:
    """The project's orders; the repeatable ones also with more asks untold than workers."""

    def told(order: Order, lookahead: float) -> Make:
        return lambda seed, workers: Conducted(
            Conductor(algorithm(seed), math.ceil(lookahead * workers), order), loss
        )

    makes = {ARRIVAL: told("arrival", 1.0)}
    for order in repeatable:
        for lookahead in LOOKAHEADS:
            suffix = "" if lookahead == 1 else f" lookahead={lookahead:g}"
            makes[f"order={order}{suffix}"] = told(order, lookahead)
    return makes


def bracket_schedules() -> dict[str, Make]:
    makes = orders(brackets, "asked", "planned")
    makes["HpBandSter, from scratch"] = lambda seed, _: HpBandSter(BANDS, sampler(seed), loss)
    makes["barriers"] = lambda seed, _: Barriers(brackets(seed).plan(), sampler(seed), loss)
    return makes


def one_budget_schedules() -> dict[str, Make]:
    makes = orders(one_budget, "asked")
    makes["batches"] = lambda seed, workers: Batches(
        Conductor(one_budget(seed), workers, "arrival"), loss, workers
    )
    return makes


SEARCHES: Mapping[str, Callable[[], dict[str, Make]]] = MappingProxyType(
    {
        "brackets of BOHB and Hyperband, 1 to 50 epochs": bracket_schedules,
        "random or TPE, 50 epochs each": one_budget_schedules,
    }
)


def measure(
    makes: Mapping[str, Make], seeds: int, workers: int, sigma: float
) -> dict[str, list[Outcome]]:
    """Return the outcomes of each schedule over the seeds; without sigma all seeds are alike."""
    seconds = seconds_per_epoch(sigma)
    seeds = seeds if sigma else 1
    return {
        name: [simulate(make(seed, workers), workers, seconds) for seed in range(seeds)]
        for name, make in makes.items()
    }


def cell(outcomes: list[Outcome], arrival: list[Outcome]) -> str:
    """Busy share in percent with half its 95 % interval, makespan by arrival's and the bound's."""
    busy = [100 * outcome.busy for outcome in outcomes]
    interval = mean_interval(busy, 0.95)
    half = "    " if interval is None else f"±{(interval[1] - interval[0]) / 2:3.1f}"
    pairs = list(zip(outcomes, arrival, strict=True))
    to_arrival = fmean(own.makespan / base.makespan for own, base in pairs)
    to_bound = fmean(own.makespan / (base.work / base.workers) for own, base in pairs)
    return f"{fmean(busy):5.1f} {half} {to_arrival:5.2f} {to_bound:5.2f}"


def main(short: bool = False, seeds: int | None = None) -> None:
    begin = time.perf_counter()
    seeds = seeds or (3 if short else 20)
    workers = (2, 8) if short else WORKERS
    print(
        "per number of workers: busy % ± half its 95 % interval, makespan / that of "
        f"{ARRIVAL},\nmakespan / the bound (the epochs of {ARRIVAL} spread evenly); {seeds} seeds"
    )
    for title, schedules in SEARCHES.items():
        makes = schedules()
        for sigma in SIGMAS:
            columns = [measure(makes, seeds, count, sigma) for count in workers]
            head = "".join(f"{f'{count} workers':>26}" for count in workers)
            print(f"\n{f'{title}; sigma {sigma:g}':<62}\n{'':<30}{head}", flush=True)
            for name in makes:
                cells = (cell(column[name], column[ARRIVAL]) for column in columns)
                print(f"{name:<30}" + "".join(f"{text:>26}" for text in cells))
    print(f"\n{time.perf_counter() - begin:.0f} s")


command = Command(main, {"seeds": whole(), "short": switch})

if __name__ == "__main__":
    raise SystemExit(command())
