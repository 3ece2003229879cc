"""From measured images/s to the hours of the paper's BOHB search.

Configurations are drawn uniformly from Table 10's topologies and batch sizes, so the expected
time is the schedule's epochs times the mean over all pairs. Nothing here measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, pvariance

import yaml

from automl.algorithms import Plan, build
from automl.compose import conf_dir
from searchspaces import parse_space
from trainables.deepfreak.topologies import topology

TRAINING_IMAGES, VALIDATION_IMAGES = 10_000, 2_400  # section 3
BANDS = {"min_budget": 1, "max_budget": 50, "eta": 3, "iterations": 16}  # section 4.3
VALIDATION_COST = 1 / 3  # of a training image: the forward pass without the backward one

Pair = tuple[int, int]
"""Topology and batch size."""


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        side: ours or released.
        topology: column of Table 9.
        batch: images per step.
        trials: processes that trained at the same time.
        status: measured, skipped, or how it failed.
        images_per_second: of all trials together; None where nothing was measured.
        peak_bytes: reserved on the GPU, the largest of the trials; None on the CPU.
        reason: of a failure.
    """

    side: str
    topology: int
    batch: int
    trials: int = 1
    status: str = "measured"
    images_per_second: float | None = None
    peak_bytes: int | None = None
    reason: str = ""

    @property
    def pair(self) -> Pair:
        return self.topology, self.batch


@dataclass(frozen=True)
class Projection:
    """Hours of one GPU for a whole search.

    Attributes:
        name: what is projected.
        hours: expected, over uniform draws of configurations.
        deviation: standard deviation over such searches, in hours.
        epochs: of the schedule.
        pairs: pairs of Table 10 that it rests on.
    """

    name: str
    hours: float
    deviation: float
    epochs: int
    pairs: int


def pairs_of(topologies: Sequence[int], batches: Sequence[int]) -> list[Pair]:
    """Every topology with every batch size."""
    return [(number, batch) for number in topologies for batch in batches]


def searched_pairs() -> list[Pair]:
    """Table 10's topologies by its batch sizes."""
    space = yaml.safe_load((conf_dir() / "space/deepfreak.yaml").read_text())["parameters"]
    return pairs_of(space["topology"]["choices"], space["batch_size"]["choices"])


def paper_plan() -> Plan:
    """The schedule of the paper's BOHB."""
    space = parse_space(yaml.safe_load((conf_dir() / "space/deepfreak.yaml").read_text()))
    return build("hyperband", space, 0, **BANDS).plan()


def configuration_epochs(plan: Plan, *, continued: bool = True) -> list[int]:
    """Epochs that each configuration of the plan computes, in all its rungs together."""
    found = []
    for bracket in plan.brackets:
        counts = [count for count, _ in bracket.rungs]
        spent = 0
        for (count, budget), more in zip(bracket.rungs, [*counts[1:], 0], strict=True):
            spent = int(budget) if continued else spent + int(budget)
            found += [spent] * (count - more)
    return found


def epoch_seconds(images_per_second: float) -> float:
    """Training and validation of one epoch of the paper's data set."""
    return (TRAINING_IMAGES + VALIDATION_COST * VALIDATION_IMAGES) / images_per_second


def speeds(rows: Sequence[Row]) -> dict[Pair, float]:
    """Images/s of a trial of ours that has the GPU for itself."""
    return {
        row.pair: row.images_per_second
        for row in rows
        if row.side == "ours" and row.trials == 1 and row.images_per_second is not None
    }


def gains(rows: Sequence[Row]) -> dict[Pair, tuple[float, int]]:
    """For each pair that shared the GPU: the best rate by that of one trial, and its trials.

    A rate below that of one trial counts as 1 by 1: nobody has to share.
    """
    alone = speeds(rows)
    best = dict.fromkeys(alone, (1.0, 1))
    shared = set()
    for row in rows:
        if row.trials > 1 and row.images_per_second is not None and row.pair in alone:
            shared.add(row.pair)
            gain = row.images_per_second / alone[row.pair]
            best[row.pair] = max(best[row.pair], (gain, row.trials))
    return {pair: best[pair] for pair in shared}


def shared_speeds(rows: Sequence[Row]) -> dict[Pair, float]:
    """Images/s of the GPU when trials share it in the best way measured.

    A topology that did not share takes the gain of one with as many filters at the same batch
    size; where there is none, it has the GPU for itself.
    """
    by_filters = {
        (topology(number).filters, batch): gain
        for (number, batch), (gain, _) in gains(rows).items()
    }
    own = {pair: gain for pair, (gain, _) in gains(rows).items()}
    return {
        (number, batch): speed
        * own.get((number, batch), by_filters.get((topology(number).filters, batch), 1.0))
        for (number, batch), speed in speeds(rows).items()
    }


def project(
    name: str, plan: Plan, found: Mapping[Pair, float], *, continued: bool = True
) -> Projection | None:
    """Hours of the plan at the images/s of each pair of Table 10; None if there is no such pair.

    Configurations that cannot be trained are taken to cost nothing and to be drawn again.
    """
    seconds = [epoch_seconds(found[pair]) for pair in searched_pairs() if pair in found]
    if not seconds:
        return None
    epochs = configuration_epochs(plan, continued=continued)
    deviation = sqrt(pvariance(seconds) * sum(count**2 for count in epochs))
    return Projection(
        name, sum(epochs) * fmean(seconds) / 3600, deviation / 3600, sum(epochs), len(seconds)
    )
