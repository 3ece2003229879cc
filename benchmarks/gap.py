"""What each term against the gap between domains buys, trained on simulated images alone.

python -m benchmarks.gap [seeds=3] [budget=9] [scale=demo] [kinds=NAME,...] [short=true]
    [json=PATH]

One good configuration of each kind (`benchmarks.gap_terms`) is trained the paper's way, and with
each term alone switched on. Each model is asked about the synthetic test images and, never having
seen a real one, about all images of both real-like domains, a domain's in one call. Rows have
accuracy in %, its difference from the default's of the same seeds in points with a 95 % interval
(bootstrap over images and seeds), the CPU seconds of training one model (features included; –
where the default's network serves), and those of asking it about all these images, on one thread.
The real-like images are the simulator's surrogate, not DiffraNet's: nothing here stands for those.
budget is DeepFreak's epochs, by default the demo's largest.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.compose import BORDER_ERRORS, compose_plain, explain
from automl.errors import UserError
from automl.plugins import OpenData
from benchmarks.gap_models import Answer, FailedError, Models
from benchmarks.gap_table import Row, heading, row
from benchmarks.gap_terms import KINDS, Kind, text
from diffranet.dataset import SimulatedDiffraNet

SEARCHES = {"classical": "classical_random", "deepfreak": "deepfreak_random"}


def measured(
    kind: Kind, data: OpenData, options: Mapping[str, Any], budget: int, seeds: Sequence[int]
) -> list[Row]:
    """Train and ask all models of a kind; print each row as it is known, and return them."""
    seeds = seeds if kind.seeded else seeds[:1]
    print(heading(kind, len(seeds), budget), flush=True)
    rows = []
    with tempfile.TemporaryDirectory(prefix="gap-") as folder:
        models = Models(kind, data, options, budget, Path(folder))
        defaults: list[Answer] = []
        for term in ({}, *kind.terms):
            try:
                answers = [models.answer(term, seed) for seed in seeds]
            except FailedError as error:
                if not term:
                    raise
                print(f"{text(term)}: {error}", flush=True)
                continue
            defaults = defaults or answers
            rows.append(row(kind, term, answers, defaults))
            print(rows[-1], flush=True)
    return rows


def options_of(config: Mapping[str, Any], kind: Kind, budget: int) -> dict[str, Any]:
    """The trainable's: no feature comes from the store, schedules go with the budget."""
    own: dict[str, Any] = {"store": False}
    if kind.trainable == "deepfreak":
        own = {"cycle_epochs": budget, "decay_epochs": max(1, 2 * budget // 3)}
    return {**config["trainable"]["options"], **own}


def main(
    short: bool = False,
    seeds: int = 3,
    budget: int | None = None,
    scale: str = "demo",
    kinds: Sequence[Kind] = KINDS,
    path: Path | None = None,
) -> None:
    scale, seeds = ("smoke", 1) if short else (scale, seeds)
    rows: list[Row] = []
    for kind in kinds:
        config = compose_plain([f"search={SEARCHES[kind.trainable]}", f"scale={scale}"])
        cache = Path(config["paths"]["cache"]).expanduser().absolute()
        data = SimulatedDiffraNet.prepare(
            config["data"]["options"], cache=cache, workers=config["workers"]
        )
        epochs = budget or int(config["trainable"]["budget"]["max"])
        if kind is kinds[0]:
            note = data.describe()["note"]
            print(f"scale={scale}, one thread. {note}", flush=True)
        options = options_of(config, kind, epochs)
        rows += measured(kind, data.unsealed(), options, epochs, range(seeds))
        if path is not None:
            path.write_text(json.dumps([each.as_dict() for each in rows], indent=1) + "\n")


def arguments(words: Sequence[str]) -> dict[str, Any]:
    """Read ``key=value`` words as `main` takes them; raise UserError naming the bad one."""
    given: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in _READERS:
            raise UserError(f"{word}: expected KEY=VALUE with one of {', '.join(_READERS)}")
        try:
            name, read = _READERS[key]
            given[name] = read(value)
        except ValueError as error:
            raise UserError(f"{word}: {error}") from None
    return given


def _count(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise ValueError("must be a whole number of at least 1")
    return int(value)


def _switch(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("must be true or false")
    return value == "true"


def _kinds(value: str) -> tuple[Kind, ...]:
    by_name = {kind.name: kind for kind in KINDS}
    for name in value.split(","):
        if name not in by_name:
            raise ValueError(f"'{name}' is no kind; known: {', '.join(by_name)}")
    return tuple(by_name[name] for name in value.split(","))


_READERS: Mapping[str, tuple[str, Any]] = {
    "seeds": ("seeds", _count),
    "budget": ("budget", _count),
    "scale": ("scale", str),
    "kinds": ("kinds", _kinds),
    "short": ("short", _switch),
    "json": ("path", Path),
}


def command(words: Sequence[str]) -> int:
    """Run the benchmark; return the exit code."""
    try:
        main(**arguments(words))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except FailedError as error:
        print(f"without any term: {error}", file=sys.stderr)
        return 1
    except BORDER_ERRORS as error:
        print(explain(error), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(command(sys.argv[1:]))
