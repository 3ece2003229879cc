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

import tempfile
from collections.abc import Mapping, Sequence
from json import dumps
from pathlib import Path
from typing import Any

from automl.compose import compose_plain
from automl.plugins import OpenData
from benchmarks.gap_models import Answer, FailedError, Models
from benchmarks.gap_table import Row, heading, row
from benchmarks.gap_terms import KINDS, Kind, text
from benchmarks.words import Command, choice, file, listed, switch, whole
from diffranet.dataset import SimulatedDiffraNet

SEARCHES = {"classical": "classical_random", "deepfreak": "deepfreak_random"}
NAMES = tuple(kind.name for kind in KINDS)


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
                    raise FailedError(f"without any term: {error}") from error
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
    seeds: int | None = None,
    budget: int | None = None,
    scale: str | None = None,
    kinds: Sequence[str] = NAMES,
    json: Path | None = None,
) -> None:
    scale, seeds = scale or ("smoke" if short else "demo"), seeds or (1 if short else 3)
    rows: list[Row] = []
    chosen = [KINDS[NAMES.index(name)] for name in kinds]
    for kind in chosen:
        config = compose_plain([f"search={SEARCHES[kind.trainable]}", f"scale={scale}"])
        cache = Path(config["paths"]["cache"]).expanduser().absolute()
        data = SimulatedDiffraNet.prepare(
            config["data"]["options"], cache=cache, workers=config["workers"]
        )
        epochs = budget or int(config["trainable"]["budget"]["max"])
        if kind is chosen[0]:
            note = data.describe()["note"]
            print(f"scale={scale}, one thread. {note}", flush=True)
        options = options_of(config, kind, epochs)
        rows += measured(kind, data.unsealed(), options, epochs, range(seeds))
        if json is not None:
            json.write_text(dumps([each.as_dict() for each in rows], indent=1) + "\n")


command = Command(
    main,
    {
        "seeds": whole(),
        "budget": whole(),
        "scale": str,
        "kinds": listed(choice(*NAMES)),
        "short": switch,
        "json": file,
    },
    failures=(FailedError,),
)

if __name__ == "__main__":
    raise SystemExit(command())
