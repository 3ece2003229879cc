"""What ``dataset.json`` says of a simulated data set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import metadata

from diffranet.domains import REAL_PREPROCESSED, REAL_RAW
from diffranet.manifest import FORMAT
from diffranet.simulator.parameters import SIMULATOR_VERSION, SimulationParameters
from diffranet.simulator.reallike import SURROGATE_NOTE

FORMAT_VERSION = 2
DECISIVE = ("numpy", "numba", "scipy")
"""Packages whose version may change the last bit of a number."""


def versions(*, structure_file: bool) -> dict[str, str]:
    """Versions of the packages that determine an image's pixels.

    Args:
        structure_file: Whether structure factors came from a file, which gemmi may have read.
    """
    found = {name: metadata.version(name) for name in DECISIVE}
    if structure_file:
        with suppress(metadata.PackageNotFoundError):
            found["gemmi"] = metadata.version("gemmi")
    return found


def describe(
    parameters: SimulationParameters,
    rows: Sequence[Mapping[str, object]],
    factor: float | None,
) -> dict[str, object]:
    """The description of a data set in plain values, without paths of this machine.

    Args:
        parameters: What it was made from.
        rows: Its manifest.
        factor: The constant between raw and preprocessed images.
    """
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for row in sorted(rows, key=lambda row: str(row["class"])):
        of_split = counts.setdefault(str(row["domain"]), {}).setdefault(str(row["split"]), {})
        of_split[str(row["class_name"])] = of_split.get(str(row["class_name"]), 0) + 1
    real = parameters.has_real
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "simulator_version": SIMULATOR_VERSION,
        "versions": versions(structure_file=parameters.crystal.structure_factors is not None),
        "parameters": parameters.record,
        "parameters_digest": parameters.digest,
        "surrogate": real,
        "surrogate_domains": [REAL_RAW.name, REAL_PREPROCESSED.name] if real else [],
        "note": SURROGATE_NOTE if real else "",
        "preprocess_factor": factor,
        "counts": counts,
        "mean_grey": _mean_greys(parameters, rows),
    }


def _mean_greys(
    parameters: SimulationParameters, rows: Sequence[Mapping[str, object]]
) -> dict[str, float]:
    """Mean grey of the images of each domain."""
    sums: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        grey_sum = row["grey_sum"]
        assert isinstance(grey_sum, int)
        sums[str(row["domain"])].append(grey_sum)
    pixels = parameters.image_size**2
    return {domain: sum(of) / (len(of) * pixels) for domain, of in sums.items()}
