"""A classical TPE search with the feature store, and one that extracts anew for every trial.

python -m benchmarks.classical [scale=demo] [trials=N] [images=8] [short=true]
python -m benchmarks.classical search=NAME [images=8]

The real command runs twice on images that are simulated and packed before: cold, without any
features, and warm, with those of the first run and, the seed being the same, its codebooks. With
``search`` the ledger of a finished search below runs/ takes their place; it knows nothing of what
was before its plan. It counts as cold if it prepared something before its first trial.

The naive search is projected: CPU time of scikit-image and OpenCV for one image, measured here,
times the images that each trial sees, plus what the trial took besides features. In its favour,
codebooks, reading and decoding images, failed trials and start cost it nothing, and no core idles.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import cv2
import numpy as np
from skimage.feature import graycomatrix, graycoprops, local_binary_pattern

from automl.compose import compose_plain
from automl.errors import UserError
from automl.ledger import Event, read_events
from automl.state import SearchState, Trial
from benchmarks.features import Extract, Images, cpu_ms, library_sift, simulated
from benchmarks.process import python
from benchmarks.words import Command, switch, whole
from diffranet.dataset import SimulatedDiffraNet
from trainables.features.glcm import PROPERTIES

Extraction = tuple[Any, ...]
"""What a configuration extracts from an image: the extractor and its parameters."""

GLCM_IMAGES = 2  # its time hardly depends on the image, and a search has many sets of offsets
PREPARED_SECONDS = 15.0  # a search that has nothing to prepare begins sooner


class Naive(NamedTuple):
    """Projected seconds of one core."""

    extracting: float
    learning: float
    testing: float


class Stored(NamedTuple):
    """Seconds of the clock: all, and those before the first trial; sums over its trials."""

    name: str
    wall: float
    before: float
    features: float
    fit: float
    rest: float
    quick: float  # share of the trials with less than a hundredth of their seconds for features


def extraction_of(configuration: Mapping[str, Any]) -> Extraction:
    kind = configuration["extractor"]
    if kind == "glcm":
        return kind, tuple(configuration["glcm_distances"]), tuple(configuration["glcm_angles"])
    if kind == "lbp":
        return kind, configuration["lbp_points"], configuration["lbp_radius"]
    return (kind,)


def folded(events: Sequence[Event]) -> SearchState:
    state = SearchState()
    for event in events:
        state.apply(event)
    return state


def finished(state: SearchState) -> list[Trial]:
    return [trial for trial in state.trials.values() if trial.finished]


def image_counts(plan: Mapping[str, Any]) -> tuple[int, int]:
    """Images that each trial sees, and images of all test splits."""
    counts = plan["data"]["counts"]
    trained = next(iter(counts.values()))["train"]
    seen = sum(trained.values()) + sum(counts[plan["select"]]["validation"].values())
    return seen, sum(sum(splits.get("test", {}).values()) for splits in counts.values())


def projected(state: SearchState, costs: Mapping[Extraction, float]) -> Naive:
    """What the search would take if each trial extracted; ``costs`` are seconds an image."""
    assert state.plan is not None
    assert state.chosen is not None
    seen, tested = image_counts(state.plan)
    trials = finished(state)
    chosen = state.trials[state.chosen["number"]].configuration
    return Naive(
        seen * sum(costs[extraction_of(trial.configuration)] for trial in trials),
        sum(trial.metrics["seconds"] - trial.metrics["feature_seconds"] for trial in trials),
        tested * costs[extraction_of(chosen)],
    )


def elapsed(events: Sequence[Event]) -> float:
    """Seconds of the clock, without those between a kill and its resumption."""
    steps = (pair for pair in pairwise(events) if pair[1]["event"] != "resumed")
    return sum((max(0.0, after["time"] - before["time"]) for before, after in steps), 0.0)


def stored(name: str, events: Sequence[Event], start: float = 0.0, end: float = 0.0) -> Stored:
    """Account for a search: ``start`` seconds went before its first event, ``end`` after its last.

    A trial that an equal one answered took no time.
    """
    first = next(index for index, event in enumerate(events) if event["event"] == "asked")
    ran = [trial.metrics for trial in finished(folded(events)) if trial.answered_by is None]
    keys = ("feature_seconds", "fit_seconds", "seconds")
    features, fit, whole = (sum(metrics[key] for metrics in ran) for key in keys)
    quick = fmean(100 * metrics["feature_seconds"] < metrics["seconds"] for metrics in ran)
    wall, before = start + elapsed(events) + end, start + elapsed(events[: first + 1])
    return Stored(name, wall, before, features, fit, whole - features - fit, quick)


def library(extraction: Extraction) -> Extract:
    """The plain calls for one image, (1, h, w)."""
    kind, *values = extraction
    if kind == "glcm":
        angles = np.deg2rad(values[1])

        def glcm(image: Images) -> object:
            matrix = graycomatrix(image[0], values[0], angles, 256, symmetric=True, normed=True)
            return [graycoprops(matrix, name) for name in PROPERTIES]

        return glcm
    if kind == "lbp":
        return lambda image: np.bincount(
            local_binary_pattern(image[0], *values, "uniform").astype(np.intp).ravel()
        )
    return library_sift


def measured(extractions: set[Extraction], images: Images) -> dict[Extraction, float]:
    """Mean CPU seconds of the libraries for an image."""
    cv2.setNumThreads(1)
    costs = {}
    for extraction in sorted(extractions, key=repr):
        some = images[: GLCM_IMAGES if extraction[0] == "glcm" else None, np.newaxis]
        extract = library(extraction)
        extract(some[0])  # warm
        costs[extraction] = fmean(cpu_ms(extract, image) for image in some) / 1e3
    return costs


def searched(words: Sequence[str]) -> list[tuple[list[Event], Stored]]:
    """Run the real command cold and warm."""
    config = compose_plain(words)
    cache = Path(config["paths"]["cache"]).expanduser().absolute()
    SimulatedDiffraNet.prepare(config["data"]["options"], cache=cache, workers=config["workers"])
    found = []
    with tempfile.TemporaryDirectory(prefix="classical-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        for part in ("simulated", "packed"):  # of the cache everything but the features
            (folder / "data" / part).symlink_to(cache / part)
        own = ("tracking=none", "paths.runs=runs", "paths.cache=data")
        for side in ("cold", "warm"):
            done = python(["-m", "automl.run", *words, *own, f"name={side}"], cwd=folder)
            events, _ = read_events(folder / "runs" / side / "ledger.jsonl")
            around = events[0]["time"] - done.began, done.ended - events[-1]["time"]
            found.append((events, stored(side, events, *around)))
    return found


def recorded(name: str) -> list[tuple[list[Event], Stored]]:
    """Read the ledger of a search; raise UserError if it is no finished classical one."""
    events, _ = read_events(Path("runs", name, "ledger.jsonl"))
    state = folded(events)
    if state.plan is None or not state.closed:
        raise UserError(f"search={name}: there is no finished search runs/{name}")
    if state.plan["config"]["trainable"]["name"] != "classical":
        raise UserError(f"search={name}: is not a classical search")
    found = stored("its ledger", events)
    cold = found.before >= PREPARED_SECONDS
    return [(events, found._replace(name="cold, its ledger") if cold else found)]


def report(
    state: SearchState, costs: Mapping[Extraction, float], sides: Sequence[Stored]
) -> list[str]:
    """The tables of a search and its stored runs."""
    assert state.plan is not None
    trials, naive, workers = finished(state), projected(state, costs), state.plan["workers"]
    seen, tested = image_counts(state.plan)
    answered = sum(trial.answered_by is not None for trial in trials)
    names = ("extractor", "classifier")
    kinds = Counter(trial.configuration[name] for trial in trials for name in names)
    ms: dict[str, list[float]] = {}
    for extraction, seconds in costs.items():
        ms.setdefault(extraction[0], []).append(1e3 * seconds)
    each = (f"{kind} {min(some):.1f} to {max(some):.1f}" for kind, some in sorted(ms.items()))
    per_core = sum(naive) / workers
    rows = {"naive, one core": sum(naive), f"naive, {workers} cores": per_core}
    rows |= {f"stored, {side.name}": side.wall for side in sides}
    return [
        f"trials: {len(trials)} finished, of which {answered} answered by an equal one",
        f"        {len(state.trials) - len(trials)} failed; {workers} workers",
        "        " + ", ".join(f"{kind} {kinds[kind]}" for kind in sorted(kinds)),
        f"images: a trial sees {seen:,}, the final evaluation {tested:,}",
        f"ms an image, scikit-image {version('scikit-image')} and OpenCV {cv2.__version__}: "
        + ", ".join(each),
        f"naive: {naive.extracting:,.1f} s extracting, {naive.learning:,.1f} s learning",
        f"       {naive.testing:,.1f} s extracting from test images",
        f"{'':<24}{'seconds':>12}{'hours':>10}{f'naive on {workers} / it':>18}",
        *(
            f"{name:<24}{seconds:>12,.1f}{seconds / 3600:>10.3f}{per_core / seconds:>16.2f} ×"
            for name, seconds in rows.items()
        ),
        f"{'':<24}{'to 1st trial':>12}{'features':>10}{'fit':>9}{'rest':>9}{'features < 1 %':>16}",
        *(
            f"{f'stored, {side.name}':<24}{side.before:>12,.1f}{side.features:>10,.1f}"
            f"{side.fit:>9,.1f}{side.rest:>9,.1f}{side.quick:>9.0%} of trials"
            for side in sides
        ),
    ]


def main(
    short: bool = False,
    scale: str | None = None,
    trials: int | None = None,
    search: str | None = None,
    images: int | None = None,
) -> None:
    if search is not None and (scale is not None or trials is not None):
        raise UserError("search: has its own scale and trials; leave scale= and trials= out")
    scale = scale or ("smoke" if short else "demo")
    words = ["search=classical_tpe", "data=demo", f"scale={scale}"]
    words += [] if trials is None else [f"trainable.trials={trials}"]
    runs = searched(words) if search is None else recorded(search)
    states = [folded(events) for events, _ in runs]
    state, asked = states[0], [[trial.work for trial in each.trials.values()] for each in states]
    if asked[0] != asked[-1]:
        print("the warm search asked for other trials than the cold one: its times say nothing")
    assert state.plan is not None
    height, width = state.plan["data"]["image_shape"]
    pictures = simulated(images or (2 if short else 8), max(height, width))
    wanted = {extraction_of(trial.configuration) for trial in finished(state)}
    costs = measured(wanted, pictures[:, :height, :width])
    print("\n".join(report(state, costs, [side for _, side in runs])), flush=True)


command = Command(
    main, {"scale": str, "search": str, "short": switch, "trials": whole(), "images": whole()}
)

if __name__ == "__main__":
    raise SystemExit(command())
