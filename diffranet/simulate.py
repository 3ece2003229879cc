"""Make a simulated data set: ``python -m diffranet.simulate out=FOLDER [option=value ...]``.

Options and their defaults:
    out=              folder to be made (required)
    size=96           image edge in pixels; the paper has 512
    extent=256        edge of the imaged area in the paper's pixels of 0.172 mm; the paper has 512
    train=1300 validation=300 test=400
                      synthetic images per split; the paper has 10000, 2400, 12600
    real_validation=80 real_test=80
                      images of the surrogate real domains per split; the paper has 366, 91
    domains=synthetic,real
                      domains=synthetic leaves the surrogate out
    mosaic_domains=100  mosaic domains per crystal; the paper has 300
    balance=paper     class shares of the paper's test set, or balanced
    seed=0  engine=float64
    workers=          processes, by default one per available core
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from diffranet.errors import DataError
from diffranet.options import choice, did_you_mean, integer
from diffranet.simulator.parameters import SimulationParameters

NUMBERS = {
    "size": "image_size",
    "extent": "extent",
    "train": "train",
    "validation": "validation",
    "test": "test",
    "real_validation": "real_validation",
    "real_test": "real_test",
    "mosaic_domains": "mosaic_domains",
    "seed": "seed",
    "workers": "workers",
}
WORDS = {"balance": "class_balance", "engine": "engine"}
OPTIONS = ("out", *NUMBERS, *WORDS, "domains")
DOMAIN_CHOICES = ("synthetic,real", "synthetic")


def parse(arguments: Sequence[str]) -> tuple[Path, SimulationParameters, int]:
    """Read the command line.

    Returns:
        The folder, what to make, and the number of processes.

    Raises:
        DataError: Something is unknown, missing or out of bounds.
    """
    given: dict[str, str] = {}
    for word in arguments:
        key, equals, value = word.partition("=")
        if not equals or not value:
            raise DataError(f"{word!r}: options are written option=value; see --help")
        if key not in OPTIONS:
            raise DataError(f"unknown option {key!r}; {did_you_mean(key, OPTIONS)}")
        if key in given:
            raise DataError(f"option {key!r} is given twice")
        given[key] = value
    if "out" not in given:
        raise DataError("out=FOLDER is missing: name the folder to be made")
    values: dict[str, object] = {WORDS[key]: given[key] for key in WORDS if key in given}
    for key in NUMBERS.keys() & given.keys():
        try:
            values[NUMBERS[key]] = int(given[key])
        except ValueError:
            raise DataError(f"{key} must be a whole number, got {given[key]!r}") from None
    workers = integer(values.pop("workers", len(os.sched_getaffinity(0))), "workers", 1, 1024)
    if choice(given.get("domains", DOMAIN_CHOICES[0]), "domains", DOMAIN_CHOICES) == "synthetic":
        for key in ("real_validation", "real_test"):
            if key in given:
                raise DataError(f"{key} is given, but domains=synthetic leaves the real part out")
            values[key] = 0
    parameters = SimulationParameters(**values)  # type: ignore[arg-type]  # checked there
    return Path(given["out"]), parameters, workers


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status, 2 for bad input."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if {"-h", "--help"} & set(words):
        print((__doc__ or "").strip())
        return 0
    try:
        out, parameters, workers = parse(words)
        # The simulator takes a second to import; a typing error need not wait for it.
        from diffranet.simulator.writer import write_dataset

        write_dataset(out, parameters, workers=workers, progress=_show)
    except DataError as error:
        print(f"diffranet.simulate: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on where it stopped", file=sys.stderr)
        return 130
    print(f"{out}: complete")
    return 0


def _show(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty() or done == total:
        end = "\n" if done == total else "\r"
        print(f"{what}: {done}/{total} images", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
