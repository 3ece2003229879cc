"""A probe: some seconds of real training, in as many processes as there will be workers.

It starts neither Ray nor MLflow and leaves nothing behind. Side by side, because trials run side
by side: they share memory and caches.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from automl.planning import Checked
from automl.probing.child import REFERENCE_PACE

SECONDS = 6.0
"""What a trainable is asked to take for measuring; imports come on top."""
_WORKING = 0.8  # of an overhead's slowing down: part of it is waiting, whoever else works
PATIENCE = 120.0
"""Seconds after which a probe is given up: the first one may have to compile."""


class ProbeError(Exception):
    """There is no estimate; the text is one line and says why."""


class Price(NamedTuple):
    """What a configuration costs, in seconds."""

    fixed: float
    """Once for each trial."""
    unit: float
    """For each unit of budget."""
    image: float
    """For each image that its model classifies."""
    loss: float | None = None
    """How wrong it judged in the probe, roughly; None where that was not seen."""


@dataclass(frozen=True)
class Probed:
    """What a probe has found, the mean of its processes.

    Attributes:
        prices: One for each configuration; None where it has no price.
        basis: What was measured, a phrase.
        processes: How many measured at the same time.
        seconds: That it took.
        setup: Seconds from the start of a worker's process to its first step.
        slowness: How much longer a search's overhead takes here than where it was measured, by
            how much longer Python's own work takes.
        shared: Seconds of one process for what is made once for all trials and is not there yet.
        shared_bytes: That it writes.
        kept_bytes: Of a trial's checkpoint.
        memory: Most bytes that a process held.
        data: See ``automl.probing.data.Foreseen.outlook``.
    """

    prices: tuple[Price | None, ...]
    basis: str
    processes: int
    seconds: float
    setup: float
    slowness: float
    shared: float
    shared_bytes: int
    kept_bytes: int
    memory: int
    data: Mapping[str, Any]


def probe(
    checked: Checked,
    configurations: Sequence[Mapping[str, Any]],
    device: str,
    *,
    seconds: float = SECONDS,
    patience: float = PATIENCE,
) -> Probed:
    """Measure what configurations cost on this machine.

    Args:
        checked: The search; data and trainable have a ``probe``.
        configurations: To be priced.
        device: ``cpu`` or ``cuda``.
        seconds: What measuring may take, about.
        patience: After so many seconds the processes are ended.

    Raises:
        ProbeError: A process failed, died or took too long.
    """
    settings = checked.settings
    began = time.time()
    work = {
        "path": sys.path,
        "data": {"name": settings.data.name, "options": settings.data.options},
        "cache": str(settings.cache),
        "select": settings.select,
        "labels": settings.labels,
        "trainable": {"name": settings.trainable.name, "options": settings.trainable.options},
        "device": device,
        "configurations": list(configurations),
        "seconds": seconds,
        "began": began,
    }
    # Workers on a GPU take turns there: one process measures it.
    count = 1 if device != "cpu" else min(settings.workers, os.cpu_count() or 1)
    found = _answers(json.dumps(work), count, max(1, int(settings.cluster.trial.cpus)), patience)
    return _merged(found, time.time() - began)


def _answers(work: str, count: int, threads: int, patience: float) -> list[dict[str, Any]]:
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    deadline = time.monotonic() + patience
    with tempfile.TemporaryDirectory(prefix="automl-probe-") as folder:
        places = [Path(folder) / f"{index}.json" for index in range(count)]
        processes = [_started(place, work, environment) for place in places]
        try:
            for process in processes:
                process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            raise ProbeError(f"the probe took longer than {patience:g} s") from None
        finally:
            for process in processes:
                process.kill()
                process.wait()
        return [_answer(place, process) for place, process in zip(places, processes, strict=True)]


def _started(place: Path, work: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    given = place.with_suffix(".work")
    given.write_text(work)
    # As a file: a pipe would have to be written while others are waited for.
    with given.open() as stdin:
        return subprocess.Popen(
            [sys.executable, "-m", "automl.probing.child", str(place)],
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            env=dict(environment),
        )


def _answer(place: Path, process: subprocess.Popen[str]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(place.read_text())
    except (OSError, ValueError):
        status = process.returncode
        end = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        raise ProbeError(f"the probe's process {end}") from None
    if "error" in found:
        raise ProbeError(f"the probe failed: {found['error'][:200]}")
    return found


def _merged(found: Sequence[Mapping[str, Any]], seconds: float) -> Probed:
    def mean(key: str) -> float:
        return fmean(float(one[key]) for one in found)

    first = found[0]
    data = dict(first["data"])
    for key in ("seconds", "serial_seconds"):
        data[key] = fmean(one["data"][key] for one in found)
    return Probed(
        prices=tuple(
            _price(prices, losses)
            for prices, losses in zip(
                zip(*(f["trials"] for f in found), strict=True),
                zip(*(f["losses"] for f in found), strict=True),
                strict=True,
            )
        ),
        basis=first["basis"],
        processes=len(found),
        seconds=seconds,
        setup=mean("setup"),
        slowness=(mean("pace") / REFERENCE_PACE) ** _WORKING,
        shared=mean("shared"),
        shared_bytes=first["shared_bytes"],
        kept_bytes=first["kept_bytes"],
        memory=max(one["memory"] for one in found),
        data=data,
    )


def _price(
    prices: Sequence[Sequence[float] | None], losses: Sequence[float | None]
) -> Price | None:
    known = [price for price in prices if price is not None]
    if not known:
        return None
    fixed, unit, image = (fmean(parts) for parts in zip(*known, strict=True))
    seen = [loss for loss in losses if loss is not None]
    loss = fmean(seen) if seen else None
    return Price(fixed, unit, image, loss) if math.isfinite(fixed + unit + image) else None
