"""What a preview measures, in a process of its own: ``python -m automl.probing.child OUT``.

It reads what to probe as JSON from its standard input and writes what it found as JSON to the
file OUT. The process ends with the probe, and with it whatever a trainable has set up.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# Seconds of `pace` on the machine and at the load on which a search's overhead was measured.
REFERENCE_PACE = 0.05
_ADDITIONS = 1_500_000


def main(arguments: Sequence[str]) -> int:
    """Probe; whatever goes wrong becomes ``error``, one line."""
    work = json.load(sys.stdin)
    sys.path[:] = work["path"]
    # After the path: a trainable of the user's own package may bring its own.
    from automl.errors import one_line

    try:
        found = measured(work)
    except Exception as error:
        # Of a user's trainable or data set anything may come; a preview goes on without it.
        found = {"error": f"{type(error).__name__}: {one_line(error)}"}
    Path(arguments[0]).write_text(json.dumps(found))
    return 0


def measured(work: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one process finds of data and trainable (``automl.probing.protocols.Probing``).

    Besides there are ``setup``: seconds from the start of the process to the first step, the
    data's own probe left out; ``pace``; ``memory``: the most bytes that the process held; and
    ``data``: counts of images, and what is left to be done until trials can see them.
    """
    from automl import registry
    from automl.probing.data import foresee

    # The clock of `began` is another process's: only Unix seconds are shared.
    begun = time.time() - work["began"]
    dataset = registry.find("datasets", work["data"]["name"])
    with tempfile.TemporaryDirectory(prefix="automl-probe-") as scratch:
        mark = time.perf_counter()
        found = foresee(dataset, work, Path(scratch))
        looked = time.perf_counter() - mark
        mark = time.perf_counter()
        trainable = registry.find("trainables", work["trainable"]["name"])
        imported = time.perf_counter() - mark
        mark = time.perf_counter()
        prices = trainable.probe(
            found.data,
            work["trainable"]["options"],
            work["device"],
            work["configurations"],
            images=found.images,
            seconds=work["seconds"],
        )
        measuring = time.perf_counter() - mark
    return {
        **_checked(prices, len(work["configurations"])),
        "data": found.outlook,
        "setup": begun + imported,
        "measuring": looked + measuring,
        "pace": pace(),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def pace() -> float:
    """Return the seconds of a fixed piece of work, the least of three: how fast Python is here."""
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        total = 0
        for value in range(_ADDITIONS):
            total += value
        times.append(time.perf_counter() - begin)
    return min(times)


def _checked(prices: Mapping[str, Any], count: int) -> dict[str, Any]:
    trials = [None if one is None else [float(part) for part in one] for one in prices["trials"]]
    if len(trials) != count:
        raise ValueError(f"probe gave {len(trials)} prices for {count} configurations")
    for price in trials:
        if price is not None and not (
            len(price) == 3 and all(math.isfinite(part) and part >= 0 for part in price)
        ):
            raise ValueError(f"probe gave the price {price}; give three numbers of at least 0")
    losses = [None if one is None else float(one) for one in prices.get("losses", [None] * count)]
    if len(losses) != count or not all(one is None or math.isfinite(one) for one in losses):
        raise ValueError(f"probe gave losses that are not {count} numbers or None")
    return {
        "trials": trials,
        "losses": losses,
        "basis": " ".join(str(prices.get("basis", "a few trials")).split()),
        "shared": float(prices.get("shared", 0.0)),
        "shared_bytes": int(prices.get("shared_bytes", 0)),
        "kept_bytes": int(prices.get("kept_bytes", 0)),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
