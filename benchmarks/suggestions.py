"""Milliseconds per suggestion of each algorithm over the DeepFreak and the classical space.

python -m benchmarks.suggestions [suggestions=200]
"""

from __future__ import annotations

import sys
import time

import yaml

from automl.algorithms import Suggestion, build
from automl.compose import conf_dir
from searchspaces import parse_space

SETTINGS = {
    "random": lambda n: {"trials": n, "budget": 50},
    "tpe": lambda n: {"trials": n, "budget": 50},
    "hyperband": lambda n: {"min_budget": 1, "max_budget": 50, "eta": 3, "iterations": n // 12},
    "bohb": lambda n: {"min_budget": 1, "max_budget": 50, "eta": 3, "iterations": n // 12},
}


def seconds_per_suggestion(algorithm: str, space_name: str, suggestions: int) -> tuple[float, int]:
    """Return the mean seconds of an ask with its tell, one worker, and how many there were."""
    space = parse_space(yaml.safe_load((conf_dir() / f"space/{space_name}.yaml").read_text()))
    machine = build(algorithm, space, 0, **SETTINGS[algorithm](suggestions))
    begin = time.perf_counter()
    count = 0
    while isinstance(suggestion := machine.ask(), Suggestion):
        # Any loss does: hashed, so that it is neither constant nor a function of time.
        machine.tell(suggestion.number, int(suggestion.configuration_id, 16) % 997 / 997)
        count += 1
    return (time.perf_counter() - begin) / count, count


def main(short: bool = False, suggestions: int = 200) -> None:
    suggestions = 60 if short else suggestions
    for space in ("deepfreak", "classical"):
        base = None
        for algorithm in SETTINGS:
            seconds, count = seconds_per_suggestion(algorithm, space, suggestions)
            base = base or seconds
            print(
                f"{space:<10} {algorithm:<10} {1000 * seconds:8.2f} ms/suggestion over {count}"
                f"  ({seconds / base:,.0f} × random)"
            )


if __name__ == "__main__":
    options = dict(word.split("=", 1) for word in sys.argv[1:])
    main(suggestions=int(options.get("suggestions", 200)))
