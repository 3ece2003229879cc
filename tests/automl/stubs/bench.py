"""A search without Ray: the real driver, ledger and session, run in one process, in any order."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from automl.algorithms import Signal, build
from automl.conductor import Conductor
from automl.driver import Driver, DriverSettings
from automl.ledger import Ledger
from automl.results import results
from automl.session import Session, WorkerSpec
from automl.settings import FailureSettings
from searchspaces import parse_space

SPACE = parse_space(
    {
        "name": "stub",
        "source": "none",
        "parameters": {
            "kind": {"type": "categorical", "choices": ["a", "b"], "default": "a"},
            "x": {"type": "float", "lower": 0.0, "upper": 1.0, "default": 0.5},
        },
    }
)
ALGORITHMS = {
    "random": {"trials": 10, "budget": 3},
    "tpe": {"trials": 10, "budget": 3, "n_startup_jobs": 5},
    "hyperband": {"min_budget": 1, "max_budget": 9, "eta": 3, "iterations": 3},
    "bohb": {"min_budget": 1, "max_budget": 9, "eta": 3, "iterations": 4},
}
CONFIG = {
    "search": {"name": "stub"},
    "scale": {"name": "stub"},
    "trainable": {"name": "stub"},
    "space": {"name": "stub"},
    "algorithm": {"name": "stub"},
}


class Killed(BaseException):
    """The driver is gone."""


def drive(
    folder: Path,
    algorithm: str,
    *,
    workers: int = 2,
    order: str = "asked",
    timing: int = 0,
    kill_after: int | None = None,
    log: Path | None = None,
    seed: int = 0,
    lose: Mapping[int, int] | None = None,
    retries: int = 1,
    lookahead: int = 1,
    initial: tuple[dict, ...] = (),
    splits: tuple[tuple[str, str], ...] = (("synthetic", "test"), ("real", "test")),
    objective: Mapping[str, Any] | None = None,
) -> dict:
    """Run a search to its end, or until ``kill_after`` events were written; return its results.

    ``timing`` seeds the order in which the outstanding tasks make progress; ``lose`` has, by
    task, how many workers die under it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checkpoints").mkdir(exist_ok=True)
    machine = build(algorithm, SPACE, seed, initial=initial, **ALGORITHMS[algorithm])
    plan = machine.plan()
    written = 0

    def listen(event: dict) -> None:
        nonlocal written
        written += 1
        if written == kill_after:
            raise Killed

    with Ledger(folder) as ledger:
        if not ledger.events:
            fields = plan_fields(plan, workers, order)
            if objective is not None:
                fields["config"] = {**CONFIG, "objective": dict(objective)}
            ledger.append("plan", **fields)
        driver = Driver(
            ledger,
            Conductor(machine, lookahead * workers, order),
            DriverSettings(
                seed=seed,
                workers=workers,
                configurations=2,
                seeds=2,
                confirmation_budget=4,
                resumable=True,
                checkpoints=folder / "checkpoints",
                splits=splits,
                failures=FailureSettings(retries, trial_seconds=None, in_a_row=None),
            ),
            listen,
        )
        _run(
            driver,
            _session(folder, log, objective or {}),
            workers,
            random.Random(timing),
            dict(lose or {}),
        )
        return results(driver.state, ledger.events, None)


def plan_fields(plan, workers, order):
    from stub_plugins import StubData

    return {
        "name": "stub",
        "search_id": "0" * 32,
        "seed": 0,
        "config": CONFIG,
        "config_digest": "",
        "plan": {
            "brackets": [{"index": b.index, "rungs": list(b.rungs)} for b in plan.brackets],
            "trials": plan.trials,
            "configurations": plan.configurations,
            "budget": plan.budget,
            "budget_continued": plan.budget_continued,
            "confirmation_trials": 4,
        },
        "data": StubData(Path()).describe(),
        "provenance": {},
        "workers": workers,
        "order": order,
        "select": "synthetic",
        "budget_unit": "epochs",
    }


def _session(folder: Path, log: Path | None, objective: Mapping[str, Any]) -> Session:
    options = {"log": str(log)} if log else {}
    return Session(
        WorkerSpec(
            data_name="stub_plugins:StubData",
            packed=str(folder),
            trainable_name="stub_plugins:StubTrainable",
            options=options,
            select="synthetic",
            cache=str(folder),
            device="cpu",
            objective=objective,
        )
    )


def _run(
    driver: Driver, session: Session, workers: int, timing: random.Random, lose: dict[int, int]
) -> None:
    running: list[tuple[int, Iterator]] = []
    while True:
        while len(running) < workers:
            task = driver.next_task()
            if isinstance(task, Signal):
                break
            driver.started(task.number)
            if lose.get(task.number, 0) > 0:
                lose[task.number] -= 1
                driver.lost(task.number, "its node is gone")
                continue
            running.append((task.number, session.run(task)))
        if not running:
            assert task is Signal.DONE, "nothing runs and nothing is asked for"
            return
        number, messages = running[timing.randrange(len(running))]
        message = next(messages)
        if message["last"]:
            running = [entry for entry in running if entry[0] != number]
        driver.message(number, message)
