"""What a preview says of trials that share GPUs: how many at a time, and which have room."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automl.admission import kept
from automl.formatting import number
from automl.gpu import GIB, visible_gpu
from automl.gpu_room import GIVEN_OUT
from searchspaces import FiniteParameter, Space, plain

if TYPE_CHECKING:
    from automl.planning import Checked

Value = Any  # Of a parameter, as the space has it
Memory = int | None  # Bytes of one trial; None for one that cannot run at all
_EVALUATIONS = 2_000
_LONGEST = 64  # Parameters with more values than this are taken at their defaults.
_LISTED = 4  # Combinations that a line names before it counts the rest.
# The data are not read for a preview; a classifier's last layer hardly counts.
_CLASSES = 10


def lines(checked: Checked) -> list[str]:
    """Return the lines of a preview; none for a search without a GPU."""
    cluster, trainable = checked.settings.cluster, checked.trainable
    gpus, options = cluster.trial.gpus, checked.settings.trainable.options
    if gpus == 0 and cluster.gpu_memory is None:
        return []
    at_once = trials_per_gpu(gpus, checked.settings.workers)
    head = f"  a GPU has {at_once} trials at a time (cluster.trial.gpus={gpus:g})"
    if gpus == 0:
        head = "  trials run on the CPU (cluster.trial.gpus=0); on a GPU:"
    if not hasattr(trainable, "memory"):
        return [head, "  memory of a trial: this trainable does not say; none waits for room"]
    size = checked.settings.data.options.get("image_size")
    if not isinstance(size, int):
        return [
            head,
            "  memory of a trial: not known before the images; try data.options.image_size",
        ]
    shape = (size, size)

    def memory(configuration: Mapping[str, Any]) -> Memory:
        try:
            return int(trainable.memory(options, configuration, shape, _CLASSES))
        except ValueError:
            return None

    table = Table(checked.space, memory)
    needs = [need for need in table.needs() if need is not None]
    if not needs:
        return [head, f"  memory of a trial: none can run on {size} × {size} images"]
    fixed = kept(trainable, options, shape, 0)
    low, high = min(needs), max(needs)
    text = (
        f"  memory of a trial, estimated: {_gib(low)} to {_gib(high)}; of its worker: {_gib(fixed)}"
    )
    gpu = visible_gpu(cluster.gpu_memory)
    if gpu is None:
        return [head, text, "  memory of the GPU: not known here; set cluster.gpu_memory (GiB)"]
    given_out = f"{100 * GIVEN_OUT:.0f} % of it given out"
    text += f" and its images; of the GPU: {_gib(gpu.capacity)}, {given_out}"

    def verdict(need: Memory) -> str:
        return _verdict(need, fixed, gpu.capacity, at_once)

    return [head, text, *(f"    {line}" for line in table.lines(verdict))]


def trials_per_gpu(gpus: float, workers: int) -> int:
    """Return how many trials Ray places on one GPU, as many as there are workers at most."""
    if gpus == 0 or gpus >= 1:
        return 1
    # Ray counts in ten-thousandths.
    return min(workers, 10_000 // round(10_000 * gpus))


class Table:
    """The memory of a space's trials, by the parameters on which it depends.

    Parameters with a continuum of values are at their defaults, as are those that change nothing
    when they alone are changed and no other parameter needs them.

    Args:
        space: What may vary.
        memory: Bytes of a configuration.
    """

    def __init__(self, space: Space, memory: Callable[[Mapping[str, Any]], Memory]) -> None:
        self._space = space
        self._memory = memory
        found = {p.name for p in _finite(space) if len(set(self._alone(p))) > 1}
        found |= {ancestor for name in found for ancestor in space.requirements(name)}
        relevant = [parameter for parameter in _finite(space) if parameter.name in found]
        # A line shows the values of the last; groups of the others' values get a line each.
        relevant.sort(key=lambda parameter: -parameter.size)
        self._left_out: list[str] = []
        while math.prod(p.size for p in relevant) > _EVALUATIONS:
            self._left_out.append(relevant.pop().name)
        self.names = tuple(parameter.name for parameter in relevant)
        self.rows: dict[tuple[Value, ...], Memory] = {}
        for values in itertools.product(*(parameter.values for parameter in relevant)):
            given = dict(zip(self.names, values, strict=True))
            configuration = self._fill(given)
            shown = tuple(given[name] if name in configuration else None for name in self.names)
            if shown not in self.rows:  # An inactive parameter has one value there.
                self.rows[shown] = memory(configuration)

    def needs(self) -> Sequence[Memory]:
        """Return the memory of all trials that are told apart."""
        return list(self.rows.values())

    def lines(self, verdict: Callable[[Memory], str]) -> list[str]:
        """Return one line for each group of values of which the same is to be said."""
        if not self.names:
            return [f"every trial: {verdict(next(iter(self.rows.values())))}"]
        groups: dict[str, list[tuple[Value, ...]]] = {}
        for before in dict.fromkeys(values[:-1] for values in self.rows):
            inner = [(v[-1], verdict(need)) for v, need in self.rows.items() if v[:-1] == before]
            groups.setdefault(_inner(self.names[-1], inner), []).append(before)
        text = [_outer(self.names[:-1], members) + end for end, members in groups.items()]
        if self._left_out:
            text.append(f"({', '.join(self._left_out)} taken at the default)")
        return text

    def _alone(self, parameter: FiniteParameter) -> Iterator[Memory]:
        required = self._space.requirements(parameter.name)
        if any(not positions for positions in required.values()):
            return
        active = {
            name: self._space.parent(name).values[min(positions)]
            for name, positions in required.items()
        }
        for value in parameter.values:
            yield self._memory(self._fill(active | {parameter.name: value}))

    def _fill(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return self._space.fill(lambda parameter: values.get(parameter.name, parameter.default))


def _finite(space: Space) -> list[FiniteParameter]:
    finite = [p for p in space.parameters if isinstance(p, FiniteParameter)]
    return [parameter for parameter in finite if parameter.size <= _LONGEST]


def _verdict(need: Memory, fixed: int, capacity: int, at_once: int) -> str:
    """Say how many trials alike there is room for, each with what its worker keeps."""
    if need is None:
        return "cannot run"
    if need + fixed > capacity:
        return "do not fit"
    room = max(1, int(GIVEN_OUT * capacity) // (need + fixed))
    if at_once == 1:
        return "fit"
    return f"{min(room, at_once)} at a time" if room > 1 else "alone"


def _inner(name: str, verdicts: Sequence[tuple[Value, str]]) -> str:
    runs = itertools.groupby(verdicts, lambda item: item[1])
    text = "; ".join(
        f"{', '.join(number(plain(value)) for value, _ in run)}: {verdict}" for verdict, run in runs
    )
    return f"{name} {text}"


def _outer(names: tuple[str, ...], members: Sequence[tuple[Value, ...]]) -> str:
    if not names:
        return ""
    if len(names) == 1:
        return f"{names[0]} {', '.join(number(plain(value)) for (value,) in members)} with "
    shown = [
        " ".join(f"{name} {number(plain(value))}" for name, value in zip(names, row, strict=True))
        for row in members[:_LISTED]
    ]
    rest = len(members) - len(shown)
    return f"{', '.join(shown)}{f' and {rest} others' if rest else ''} with "


def _gib(amount: int) -> str:
    return f"{amount / GIB:.1f} GiB"
