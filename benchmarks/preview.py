"""How well a preview's estimate of time holds: estimate, real run, and the factor between them.

python -m benchmarks.preview [searches=classical_tpe,deepfreak_bohb] [scale=smoke] [cache=FOLDER]
    [short=true]

Each search is estimated and then run by the real command, first with an empty cache (images are
simulated), then once more with what the first run left there. With `cache` only the second, on
that folder's images; the short form is the first search with an empty one. Both must meet the same
load: let nothing else run beside them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from automl.compose import compose_plain
from automl.formatting import duration
from automl.ledger import Event, read_events
from automl.planning import check
from automl.probing.estimate import Estimate, estimate
from automl.settings import parse_settings
from benchmarks.process import Finished, python
from benchmarks.words import Command, listed, switch

SEARCHES = ("classical_tpe", "deepfreak_bohb")
_HEAD = f"{'':<18}{'cache':<8}{'estimate':>14}{'from':>14}{'to':>14}{'real':>14}{'factor':>8}"


@dataclass(frozen=True)
class Row:
    """An estimate and what the run took, in seconds; ``probing`` is what the estimate took."""

    search: str
    cache: str
    found: Estimate
    probing: float
    real: float
    real_parts: Mapping[str, float]

    @property
    def factor(self) -> float:
        """Real over estimated."""
        return self.real / self.found.total

    def text(self) -> str:
        """Its line of the table."""
        times = (self.found.total, self.found.low, self.found.high, self.real)
        shown = "".join(f"{duration(seconds):>14}" for seconds in times)
        return f"{self.search:<18}{self.cache:<8}{shown}{self.factor:>8.2f}"


def measure(search: str, scale: str, cache: Path, kind: str) -> Row:
    """Estimate a search, then run it in a new folder with the same cache."""
    words = [f"search={search}", f"scale={scale}", f"paths.cache={cache}", f"name={search}-{kind}"]
    with tempfile.TemporaryDirectory(prefix="preview-") as folder:
        begin = time.perf_counter()
        config = compose_plain([*words, f"paths.runs={folder}/runs"])
        found = estimate(check(parse_settings(config), name="new"), "cpu")
        probing = time.perf_counter() - begin
        finished = python(["-m", "automl.run", *words], cwd=Path(folder))
        events, _ = read_events(Path(folder) / f"runs/{search}-{kind}/ledger.jsonl")
    real = finished.ended - finished.began
    return Row(search, kind, found, probing, real, real_parts(finished, events))


def real_parts(finished: Finished, events: Sequence[Event]) -> dict[str, float]:
    """Seconds up to the first ask, from there to the last trial of the search, and so on."""
    asked = [event for event in events if event["event"] == "asked"]
    searched = {event["number"] for event in asked if event["phase"] == "search"}
    ended = [event for event in events if event["event"] in ("finished", "failed")]
    marks = [
        finished.began,
        asked[0]["time"],
        max(event["time"] for event in ended if event["number"] in searched),
        max(event["time"] for event in ended),
        finished.ended,
    ]
    names = ("before the first trial", "search", "confirmation", "evaluation and report")
    return {name: marks[n + 1] - marks[n] for n, name in enumerate(names)}


def main(
    short: bool = False,
    searches: Sequence[str] | None = None,
    scale: str = "smoke",
    cache: Path | None = None,
) -> None:
    searches = searches or (SEARCHES[:1] if short else SEARCHES)
    print(_HEAD)
    for search in searches:
        if cache is not None:
            show(measure(search, scale, cache.absolute(), "kept"))
            continue
        with tempfile.TemporaryDirectory(prefix="preview-cache-") as folder:
            for kind in ("empty",) if short else ("empty", "warm"):
                show(measure(search, scale, Path(folder), kind))


def show(row: Row) -> None:
    print(row.text(), flush=True)
    for what, parts in (
        (f"estimated in {duration(row.probing)}", row.found.parts),
        ("real", row.real_parts),
    ):
        shown = ", ".join(f"{name} {duration(seconds)}" for name, seconds in parts.items())
        print(f"  {what}: {shown}", flush=True)


command = Command(main, {"searches": listed(str), "scale": str, "cache": Path, "short": switch})

if __name__ == "__main__":
    raise SystemExit(command())
