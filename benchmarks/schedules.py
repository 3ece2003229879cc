"""Schedules to compare: the project's own orders, textbook barriers, HpBandSter's iterations.

All of them draw uniformly from the same stream and promote by the same losses: the layout of
the brackets, and with it who waits for whom, does not depend on where configurations come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from hpbandster.core.dispatcher import Job as HpBandSterJob
from hpbandster.optimizers.hyperband import HyperBand

from automl.algorithms import Plan, Signal, Suggestion
from automl.algorithms.halving import Contender, SuccessiveHalving
from automl.algorithms.sampling import Sampler
from automl.conductor import Conductor
from benchmarks.simulated_workers import Job
from searchspaces import configuration_id

Loss = Callable[[str], float]


class Conducted:
    """A search of the project: promoted configurations continue from their checkpoints."""

    def __init__(self, conductor: Conductor, loss: Loss) -> None:
        self._conductor = conductor
        self._loss = loss
        self.asked: list[Suggestion] = []

    def next(self) -> Job | Signal:
        answer = self._conductor.next()
        if isinstance(answer, Signal):
            return answer
        self.asked.append(answer)
        return Job(answer.number, answer.configuration_id, epochs(answer))

    def result(self, job: Job) -> None:
        self._conductor.result(job.number, self._loss(job.configuration_id))


class Barriers:
    """Textbook successive halving: brackets one after another, each rung waits for its slowest.

    Within a bracket that is also what Ray Tune's HyperBandForBOHB does.
    """

    def __init__(self, plan: Plan, sampler: Sampler, loss: Loss) -> None:
        self._brackets = [SuccessiveHalving(bracket, sampler.draw) for bracket in plan.brackets]
        self._loss = loss
        self._running: dict[int, Contender] = {}
        self._asked = 0

    def next(self) -> Job | Signal:
        while self._brackets:
            contender = self._brackets[0].next_run()
            if contender is not None:
                job = Job(
                    self._asked,
                    configuration_id(contender.draw.configuration),
                    int(contender.budget - (contender.previous_budget or 0)),
                )
                self._running[job.number] = contender
                self._asked += 1
                return job
            if not self._brackets[0].finished:
                return Signal.WAIT
            self._brackets.pop(0)
        return Signal.DONE

    def result(self, job: Job) -> None:
        contender = self._running.pop(job.number)
        self._brackets[0].register(contender, self._loss(job.configuration_id))


class Batches:
    """As many trials as there are workers, then the next as many: Hydra's sweepers.

    Args:
        conductor: Of a search without brackets.
        loss: Of a configuration.
        workers: Trials in a batch.
    """

    def __init__(self, conductor: Conductor, loss: Loss, workers: int) -> None:
        self._inner = Conducted(conductor, loss)
        self._workers = workers
        self._left = workers
        self._running = 0

    def next(self) -> Job | Signal:
        if not self._left:
            return Signal.WAIT
        job = self._inner.next()
        if isinstance(job, Job):
            self._left -= 1
            self._running += 1
        return job

    def result(self, job: Job) -> None:
        self._inner.result(job)
        self._running -= 1
        if not self._running:
            self._left = self._workers


class HpBandSter:
    """HpBandSter's own iterations, asked as its `Master.run` asks them (core/master.py).

    The loop is that of `run` and `job_callback` without servers and threads. Budgets are rounded
    down to whole epochs, as the paper's code does.

    Args:
        bands: min_budget, max_budget, eta, number of iterations.
        sampler: Where new configurations come from.
        loss: Of a configuration.
        continued: Let a promoted configuration go on from its last budget. HpBandSter itself
            has no means for it: its jobs start from scratch.
    """

    def __init__(
        self,
        bands: tuple[float, float, float, int],
        sampler: Sampler,
        loss: Loss,
        *,
        continued: bool = False,
    ) -> None:
        low, high, eta, self._unopened = bands
        # The constructor of `Master` starts a server; what its brackets need is set here.
        self._optimizer = HyperBand.__new__(HyperBand)
        self._optimizer.eta = eta
        depth = -int(np.log(low / high) / np.log(eta)) + 1
        self._optimizer.max_SH_iter = depth
        self._optimizer.budgets = high * np.power(eta, -np.linspace(depth - 1, 0, depth))
        self._optimizer.config_generator = _Generator(sampler)
        self._optimizer.iterations = []
        self._loss = loss
        self._continued = continued
        self._running: dict[int, HpBandSterJob] = {}
        self._reached: dict[tuple[int, ...], int] = {}
        self._asked = 0

    def next(self) -> Job | Signal:
        while True:
            for i in self._optimizer.active_iterations():
                run = self._optimizer.iterations[i].get_next_run()
                if run is not None:
                    return self._job(*run)
            if self._unopened:
                index = len(self._optimizer.iterations)
                self._optimizer.iterations.append(self._optimizer.get_next_iteration(index))
                self._unopened -= 1
            elif self._optimizer.active_iterations():
                return Signal.WAIT
            else:
                return Signal.DONE

    def result(self, job: Job) -> None:
        theirs = self._running.pop(job.number)
        theirs.result = {"loss": self._loss(job.configuration_id), "info": {}}
        self._optimizer.iterations[theirs.id[0]].register_result(theirs)

    def _job(self, key: tuple[int, ...], configuration: Mapping[str, Any], budget: float) -> Job:
        number = self._asked
        self._asked += 1
        self._running[number] = HpBandSterJob(key, config=configuration, budget=budget)
        # 50 comes out of 50 * 3**-0.0 exactly, the others lie well between whole numbers.
        reached = int(budget)
        start = self._reached.get(key, 0) if self._continued else 0
        self._reached[key] = reached
        return Job(number, configuration_id(dict(configuration)), reached - start)


class _Generator:
    """A sampler of the project as HpBandSter's iterations want it."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def get_config(self, budget: float) -> tuple[dict[str, Any], dict[str, Any]]:
        return self._sampler.draw(budget).configuration, {}


def epochs(suggestion: Suggestion) -> int:
    """Epochs that a suggestion has to compute: a promoted configuration goes on from its last."""
    return int(suggestion.budget - (suggestion.previous_budget or 0))
