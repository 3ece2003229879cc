"""The steps of an epoch replayed as a CUDA graph.

A small batch is over on a GPU before the few hundred kernels of its step have been launched. A
graph records the kernels of one step and launches them all at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from trainables.deepfreak.epoch_plan import EpochPlan
from trainables.deepfreak.stepping import EagerSteps, Tally

WARM_UP = 3  # calls before the recording, in which libraries choose algorithms and workspaces

Recorder = Callable[[Callable[[], None]], Callable[[], object]]
"""Calls a function some times, records what it launches, and returns what launches it again."""


def record_cuda_graph(function: Callable[[], None]) -> Callable[[], object]:
    """Record a function's kernels.

    As torch's notes on whole-network capture ask, it is first called on a stream of its own.
    """
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            function()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        function()
    return graph.replay


class GraphedSteps:
    """Full batches replayed; a last, shorter one is stepped on by itself.

    Args:
        steps: what a step is.
        network: whose parameters and buffers the steps change.
        optimizer: of the parameters.
        record: makes the graph, of the first epoch's first batch.
    """

    def __init__(
        self,
        steps: EagerSteps,
        network: nn.Module,
        optimizer: torch.optim.SGD,
        record: Recorder = record_cuda_graph,
    ) -> None:
        self._steps = steps
        self._network = network
        self._optimizer = optimizer
        self._record = record
        self._graph: _Graph | None = None
        self._plan: EpochPlan

    def begin(self, plan: EpochPlan) -> Tally:
        """Take the plan of an epoch; return what its steps add to.

        All epochs must have the same batches, of which the last alone may have another length,
        and the same kinds of augmentation.
        """
        self._plan = plan
        if self._graph is None:
            self._graph = _Graph(plan)
            if self._graph.steps:
                with _undone(self._network, self._optimizer):
                    self._graph.record(self._steps, self._optimizer, self._record)
        self._graph.begin(plan)
        return self._steps.begin(plan, self._graph.tally)

    def take(self, step: int) -> None:
        """Take one step."""
        assert self._graph is not None, "begin comes first"
        if step < self._graph.steps:
            self._graph.replay(self._plan.rates[step])
        else:
            self._steps.take(step)


class _Graph:
    """A step that finds its batch by a counter and its rate in a tensor.

    All that it reads and writes keeps its place in memory, so that an epoch is a number of
    launches and nothing else.
    """

    def __init__(self, plan: EpochPlan) -> None:
        start, stop = plan.bounds[0]
        self._batch = stop - start
        self.steps = sum(stop - start == self._batch for start, stop in plan.bounds)
        device = plan.order.device
        self.tally = Tally(len(plan.bounds), device)
        self._counter = torch.zeros(1, dtype=torch.int64, device=device)
        self._rate = torch.zeros((), device=device)
        self._last_rate: float | None = None
        self._order = self._rows(plan.order).clone()
        self._symmetries = None if plan.symmetries is None else self._rows(plan.symmetries).clone()
        self._intensities = (
            None if plan.intensities is None else self._rows(plan.intensities).clone()
        )
        self._replay: Callable[[], object]

    def record(self, steps: EagerSteps, optimizer: torch.optim.SGD, record: Recorder) -> None:
        """Record the step; what it changes of network and optimiser is the caller's to undo."""

        def step() -> None:
            with _rate_in_place(optimizer, self._rate):
                loss, correct = steps.of_batch(
                    self._chosen(self._order),
                    None if self._symmetries is None else self._chosen(self._symmetries),
                    None if self._intensities is None else self._chosen(self._intensities),
                )
            self.tally.losses.index_copy_(0, self._counter, loss.view(1))
            self.tally.correct.add_(correct)
            self._counter.add_(1).remainder_(self.steps)

        self._replay = record(step)

    def begin(self, plan: EpochPlan) -> None:
        """Bring an epoch's plan to where the recorded step reads it."""
        self._order.copy_(self._rows(plan.order))
        for kept, new in (
            (self._symmetries, plan.symmetries),
            (self._intensities, plan.intensities),
        ):
            if kept is not None and new is not None:
                kept.copy_(self._rows(new))
        self._counter.zero_()
        self.tally.losses.zero_()
        self.tally.correct.zero_()

    def replay(self, rate: float) -> None:
        """Take the next step, at this rate."""
        if rate != self._last_rate:
            self._rate.fill_(rate)
            self._last_rate = rate
        self._replay()

    def _rows(self, values: Tensor) -> Tensor:
        return values[: self.steps * self._batch].view(self.steps, self._batch)

    def _chosen(self, rows: Tensor) -> Tensor:
        return rows.index_select(0, self._counter).view(self._batch)


@contextmanager
def _rate_in_place(optimizer: torch.optim.SGD, rate: Tensor) -> Iterator[None]:
    """Let the optimiser read its rate from a tensor; checkpoints keep numbers."""
    numbers = [group["lr"] for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        group["lr"] = rate
    yield
    for group, number in zip(optimizer.param_groups, numbers, strict=True):
        group["lr"] = number


@contextmanager
def _undone(network: nn.Module, optimizer: torch.optim.SGD) -> Iterator[None]:
    """Put network and momenta back in place afterwards; a momentum that was not there is zero."""
    state = [(value, value.clone()) for value in network.state_dict(keep_vars=True).values()]
    momenta = {
        parameter: entry["momentum_buffer"].clone()
        for parameter, entry in optimizer.state.items()
        if entry.get("momentum_buffer") is not None
    }
    yield
    with torch.no_grad():
        for value, before in state:
            value.copy_(before)
        for parameter, entry in optimizer.state.items():
            if entry.get("momentum_buffer") is None:
                continue
            if parameter in momenta:
                entry["momentum_buffer"].copy_(momenta[parameter])
            else:
                entry["momentum_buffer"].zero_()
