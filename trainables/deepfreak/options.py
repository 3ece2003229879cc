"""The trainable's options: what holds for a whole search, not for one configuration."""

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from trainables.deepfreak.geometry import Pool

Mean = Literal["pixel", "scalar"]
Precision = Literal["float32", "bfloat16"]

_NOT_FOR_TRAINING = (
    "evaluation_batch",
    "checkpoint_every",
    "hopeless_epochs",
    "cuda_graphs",
    "deterministic",
    "defaults",
)


@dataclass(frozen=True)
class Options:
    """Everything about the training of a search that is not searched.

    Attributes:
        width: multiplier of Table 9's filters.
        blocks: bottlenecks per stage (ResNet-50's by default).
        pool: `strict` refuses topologies whose second pool is larger than its map; `scaled`
            shrinks the pool with the map.
        mean: subtract the mean image (`pixel`, the paper's text) or its mean (`scalar`, the
            released code).
        decay_epochs: epochs between two decays of the learning rate.
        decay_rate: factor of each decay.
        released_lr: decay once more from the start, as the released search did. The three are of
            rate schedule `steps`.
        cycle_epochs: length of the cycle of rate schedule `one_cycle`; the rate stays at its floor
            from then on.
        ordered_classes: those that loss `ordinal` takes to be ordered, in their order.
        ordinal_sharpness: how fast its targets fall off with the distance between classes.
        channels_last: memory layout of the convolutions; faster, not bit-equal to the other.
        fused: on a CPU, batch normalisation, shortcut and ReLU in one function; faster, not
            bit-equal to one by one.
        precision: of convolutions and products; `bfloat16` leaves weights, statistics and loss in
            float32. Pays on a GPU; on a CPU without such units it is several times slower.
        compile: fuse kernels (torch.compile), which takes a minute or more per trial; worth it for
            long ones.
        cuda_graphs: replay the kernels of a step, on a GPU alone: for small batches.
        deterministic: on a GPU, algorithms that give equal numbers in every run; slower. On a CPU
            they always do.
        evaluation_batch: most images of a forward pass in validation; of no effect on the result.
        checkpoint_every: epochs between two checkpoints; the last epoch always writes one.
        hopeless_epochs: after so many epochs in a row in which training was no better than always
            answering the largest class, a trial is given up; None for never.
        defaults: hyperparameters that the space does not vary.
    """

    width: float = 1.0
    blocks: tuple[int, int, int, int] = (3, 4, 6, 3)
    pool: Pool = "strict"
    mean: Mean = "pixel"
    decay_epochs: int = 10
    decay_rate: float = 0.1
    released_lr: bool = False
    cycle_epochs: int = 50
    ordered_classes: tuple[str, ...] = ("weak", "good", "strong")
    ordinal_sharpness: float = 2.0
    channels_last: bool = True
    fused: bool = True
    precision: Precision = "float32"
    compile: bool = False
    cuda_graphs: bool = False
    deterministic: bool = False
    evaluation_batch: int = 64
    checkpoint_every: int = 1
    hopeless_epochs: int | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> "Options":
        """Check the options and fill in what is not given.

        Raises:
            ValueError: an unknown option (with the nearest known one) or an illegal value.
        """
        known = [item.name for item in fields(cls)]
        for name in options:
            if name not in known:
                raise ValueError(f"option {name}: unknown{suggestion(str(name), known)}")
        return cls(**{name: _READERS[name](name, value) for name, value in options.items()})

    def of_training(self) -> dict[str, Any]:
        """The options that decide the trained weights, as plain values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if name not in _NOT_FOR_TRAINING
        }


def suggestion(name: str, known: Sequence[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known one, or all of them."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(known)}"


def _positive(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"option {name}: must be a number, not {value!r}")
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"option {name}: must be positive and finite, not {value!r}")
    return float(value)


def _fraction(name: str, value: Any) -> float:
    if _positive(name, value) > 1:
        raise ValueError(f"option {name}: must be at most 1, not {value!r}")
    return float(value)


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"option {name}: must be a whole number of at least 1, not {value!r}")
    return value


def _count_or_none(name: str, value: Any) -> int | None:
    return None if value is None else _count(name, value)


def _switch(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"option {name}: must be true or false, not {value!r}")
    return value


def _blocks(name: str, value: Any) -> tuple[int, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 4:
        raise ValueError(f"option {name}: must be four numbers of bottlenecks, not {value!r}")
    return tuple(_count(name, number) for number in value)


def _ordered_classes(name: str, value: Any) -> tuple[str, ...]:
    listed = isinstance(value, Sequence) and not isinstance(value, str)
    if not listed or len(set(map(str, value))) < max(2, len(value)):
        raise ValueError(f"option {name}: must be two or more different classes, not {value!r}")
    return tuple(str(item) for item in value)


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"option {name}: must map hyperparameters to values, not {value!r}")
    return dict(value)


class _OneOf:
    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def __call__(self, name: str, value: Any) -> str:
        if value not in self.choices:
            raise ValueError(f"option {name}: must be {' or '.join(self.choices)}, not {value!r}")
        return str(value)


_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "width": _positive,
    "blocks": _blocks,
    "pool": _OneOf("strict", "scaled"),
    "mean": _OneOf("pixel", "scalar"),
    "decay_epochs": _count,
    "decay_rate": _fraction,
    "released_lr": _switch,
    "cycle_epochs": _count,
    "ordered_classes": _ordered_classes,
    "ordinal_sharpness": _positive,
    "channels_last": _switch,
    "fused": _switch,
    "precision": _OneOf("float32", "bfloat16"),
    "compile": _switch,
    "cuda_graphs": _switch,
    "deterministic": _switch,
    "evaluation_batch": _count,
    "checkpoint_every": _count,
    "hopeless_epochs": _count_or_none,
    "defaults": _mapping,
}
