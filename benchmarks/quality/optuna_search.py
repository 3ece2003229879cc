"""Searches by Optuna's TPE sampler."""

from __future__ import annotations

import optuna

from benchmarks.quality.meter import Meter, Trace
from benchmarks.quality.seeding import foreign, stream_seed
from benchmarks.quality.surface import Surface
from searchspaces import FiniteParameter, Float, Integer, Ordinal, Parameter


def tpe(surface: Surface, seed: int, total: int) -> Trace:
    """TPE with Optuna's defaults, each evaluation at the largest budget.

    Parameters are suggested as they become active. A configuration that diverges is told as
    failed, which the sampler leaves out of its model.
    """
    meter = Meter(surface, total)
    start = stream_seed(seed, "optuna")
    with foreign(start):
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=start))
        while meter.affords(surface.max_budget):
            trial = study.ask()
            configuration = surface.space.fill(lambda p, trial=trial: _suggested(trial, p))
            loss = meter.evaluate(configuration, surface.max_budget)
            if loss is None:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, loss)
    return meter.trace()


def _suggested(trial: optuna.Trial, parameter: Parameter) -> object:
    name = parameter.name
    if isinstance(parameter, Float):
        value = trial.suggest_float(name, parameter.lower, parameter.upper, log=parameter.log)
        return parameter.clipped(value)
    if isinstance(parameter, Integer):
        return trial.suggest_int(name, parameter.lower, parameter.upper, log=parameter.log)
    assert isinstance(parameter, FiniteParameter)
    if isinstance(parameter, Ordinal):
        return parameter.at(trial.suggest_int(name, 0, parameter.size - 1))
    return parameter.at(trial.suggest_categorical(name, range(parameter.size)))
