"""Milliseconds per suggestion of TPE and BOHB as observations grow, beside their native libraries.

python -m benchmarks.suggestions [observations=10,30,100,300,1000] [suggestions=15] [short=true]

At each size the observations are drawn at random (a model is held back until there are as many),
then model-based suggestions are timed, each with the telling of its result: ours through
``automl.algorithms``, the native ones through ``hyperopt.tpe.suggest`` and HpBandSter's own
generator on the same space. Ours and theirs take turns. Medians of CPU time: the process has one
thread, and what else the machine does is not in it.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Sequence
from statistics import median

import hyperopt
import numpy as np
import yaml
from hpbandster.core.dispatcher import Job
from hpbandster.optimizers.config_generators import bohb as hpbandster_bohb
from hyperopt.base import JOB_STATE_DONE, STATUS_OK, Domain, Trials

from automl.algorithms import Suggestion, build
from automl.compose import conf_dir
from benchmarks.words import Command, listed, switch, whole
from searchspaces import Space, parse_space, to_hpbandster, to_hyperopt

NOTICEABLE_MS = 100.0
"""A suggestion that takes longer than a trial costs otherwise is worth knowing of."""

_TURNS_EACH = 10
Turn = Callable[[], bool]
"""Asks for and tells one suggestion; whether it came from the model."""


def loss(number: int) -> float:
    """Any loss does, as long as it is neither constant nor a function of time."""
    return (number * 7919) % 997 / 997


def ours_tpe(space: Space, observations: int, more: int) -> Turn:
    return _ours(
        "tpe", space, observations, trials=observations + more, n_startup_jobs=observations
    )


def ours_bohb(space: Space, observations: int, more: int) -> Turn:
    # Brackets of one configuration: what is timed is the model, not the rungs.
    return _ours(
        "bohb",
        space,
        observations,
        min_budget=1,
        max_budget=1,
        iterations=observations + more,
        min_points_in_model=observations,
        random_fraction=0,
    )


def _ours(name: str, space: Space, observations: int, **settings: object) -> Turn:
    machine = build(name, space, 0, **settings)

    def turn() -> bool:
        suggestion = machine.ask()
        assert isinstance(suggestion, Suggestion)
        machine.tell(suggestion.number, loss(suggestion.number))
        return suggestion.origin == "model"

    for _ in range(observations):
        turn()
    return turn


def native_tpe(space: Space, observations: int, more: int) -> Turn:
    domain, history = Domain(lambda _: 0.0, to_hyperopt(space)), Trials()

    def turn() -> bool:
        number = len(history.trials)
        (document,) = hyperopt.tpe.suggest(
            [number], domain, history, number, n_startup_jobs=observations, verbose=False
        )
        document["result"] = {"status": STATUS_OK, "loss": loss(number)}
        document["state"] = JOB_STATE_DONE
        history.insert_trial_doc(document)
        history.refresh()
        return number >= observations

    for _ in range(observations):
        turn()
    return turn


def native_bohb(space: Space, observations: int, more: int) -> Turn:
    logger = logging.Logger("native")
    logger.addHandler(logging.NullHandler())
    generator = hpbandster_bohb.BOHB(
        configspace=to_hpbandster(space, 0),
        min_points_in_model=observations,
        random_fraction=0,
        logger=logger,
    )
    np.random.seed(0)  # noqa: NPY002 - HpBandSter draws from nothing else
    told = 0

    def turn() -> bool:
        nonlocal told
        configuration, info = generator.get_config(1.0)
        job = Job((told, 0, 0), config=configuration, budget=1.0)
        job.result = {"loss": loss(told)}
        generator.new_result(job)
        told += 1
        return bool(info["model_based_pick"])

    for _ in range(observations):
        turn()
    return turn


PAIRS = {"tpe": (ours_tpe, native_tpe), "bohb": (ours_bohb, native_bohb)}


def measure(algorithm: str, space: Space, observations: int, suggestions: int) -> list[float]:
    """Return the median milliseconds of ours and of the native library.

    Where HpBandSter's model finds no candidate it draws at random; those draws are not timed.
    """
    most = _TURNS_EACH * suggestions
    turns = [begin(space, observations, most) for begin in PAIRS[algorithm]]
    seconds: list[list[float]] = [[], []]
    for _ in range(most):
        for turn, taken in zip(turns, seconds, strict=True):
            begin = time.process_time()
            if turn():
                taken.append(time.process_time() - begin)
        if min(map(len, seconds)) >= suggestions:
            break
    return [1000 * median(taken) for taken in seconds]


def main(
    short: bool = False,
    observations: Sequence[int] | None = None,
    suggestions: int | None = None,
) -> None:
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    observations = observations or ((10, 100) if short else (10, 30, 100, 300, 1000))
    suggestions = suggestions or (5 if short else 15)
    print(f"{'space':<10} {'algorithm':<10}{'observed':>9}{'ours ms':>9}{'native ms':>11}  ours")
    for name in ("deepfreak", "classical"):
        space = parse_space(yaml.safe_load((conf_dir() / f"space/{name}.yaml").read_text()))
        for algorithm in PAIRS:
            noticed = None
            for count in observations:
                # HpBandSter has no model of fewer results than parameters + 1.
                if algorithm == "bohb" and count <= len(space.parameters):
                    print(f"{name:<10} {algorithm:<10}{count:>9,}  too few for a model")
                    continue
                ours, native = measure(algorithm, space, count, suggestions)
                noticed = noticed or (count if ours > NOTICEABLE_MS else None)
                print(
                    f"{name:<10} {algorithm:<10}{count:>9,}{ours:>9.1f}{native:>11.1f}"
                    f"  {ours / native:.2f} ×",
                    flush=True,
                )
            limit = f"a suggestion takes more than {NOTICEABLE_MS:.0f} ms"
            print(f"  {limit} from {noticed:,} observations on" if noticed else f"  never: {limit}")


command = Command(main, {"observations": listed(whole()), "suggestions": whole(), "short": switch})

if __name__ == "__main__":
    raise SystemExit(command())
