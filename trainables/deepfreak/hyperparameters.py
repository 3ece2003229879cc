"""The hyperparameters: Table 10's five, and what `space=deepfreak_extended` adds to them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from numbers import Real
from typing import Any

from trainables.deepfreak.augmentation import Symmetries, TestTimeAugmentation
from trainables.deepfreak.losses import Loss
from trainables.deepfreak.normalisation import EvaluationStatistics, Normalisation
from trainables.deepfreak.options import suggestion
from trainables.deepfreak.schedule import RateSchedule
from trainables.deepfreak.topologies import topology
from trainables.grey_levels import GREY_LEVELS, GreyLevels


@dataclass(frozen=True)
class Hyperparameters:
    """One configuration. The first five are Table 10's; the others' defaults are the paper's.

    Attributes:
        topology: column of Table 9; 0 is the default column.
        learning_rate: rate of the first epochs, or with `one_cycle` the highest; see `schedule`.
        momentum: of stochastic gradient descent, in [0, 1].
        weight_decay: L2 penalty on all parameters, those of normalisation included.
        batch_size: images per step.
        normalisation: `batch`, or `group` (Wu & He 2018); see `normalisation`.
        evaluation_statistics: what batch normalisation evaluates with: `running`, `image` (cf.
            Singh & Shrivastava 2019) or `target` (Li et al. 2016; Nado et al. 2020). Of no
            meaning with group normalisation, and then `running`.
        rate_schedule: `steps`, or `one_cycle` (Smith & Topin 2018) over option `cycle_epochs`.
        label_smoothing: share of each target spread over all classes, in [0, 1) (Szegedy et al.
            2016).
        loss: `cross_entropy`, or `ordinal` (Diaz & Marathe 2019) over option `ordered_classes`.
        symmetries: `dihedral` flips and turns training images at random (Dieleman et al. 2015).
        intensity_range: r in exp(u), u uniform in [-r, r / 3), the factor of each training
            image's grey levels (cf. Tobin et al. 2017); 0 leaves them.
        grey_levels: how those of each image are normalised, in training (behind
            `intensity_range`) and evaluation; see `trainables.grey_levels`.
        test_time_augmentation: `symmetries` averages the probabilities of an image's flips and
            turns wherever the network classifies (Dieleman et al. 2015 average over views too); of
            no account in training.
    """

    topology: int
    learning_rate: float
    momentum: float
    weight_decay: float
    batch_size: int
    normalisation: Normalisation = "batch"
    evaluation_statistics: EvaluationStatistics = "running"
    rate_schedule: RateSchedule = "steps"
    label_smoothing: float = 0.0
    loss: Loss = "cross_entropy"
    symmetries: Symmetries = "none"
    intensity_range: float = 0.0
    grey_levels: GreyLevels = "none"
    test_time_augmentation: TestTimeAugmentation = "none"

    @classmethod
    def parse(
        cls, configuration: Mapping[str, Any], defaults: Mapping[str, Any]
    ) -> "Hyperparameters":
        """Read a configuration; what it does not name comes from `defaults`, then the paper.

        Raises:
            ValueError: an unknown, missing or illegal hyperparameter.
        """
        check_names(configuration, defaults)
        values = {name: _READERS[name](name, value)
                  for name, value in {**defaults, **configuration}.items()}  # fmt: skip
        if values.get("normalisation") == "group":
            values["evaluation_statistics"] = "running"
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, by name."""
        return asdict(self)


NAMES = tuple(item.name for item in fields(Hyperparameters))
REQUIRED = tuple(item.name for item in fields(Hyperparameters) if item.default is MISSING)


def check_names(given: Mapping[str, Any] | frozenset[str], defaults: Mapping[str, Any]) -> None:
    """Refuse unknown hyperparameters, and missing ones that have no default.

    Raises:
        ValueError: a name that no hyperparameter has, or one of Table 10's that neither mapping
            gives.
    """
    for source, names in (("parameter", given), ("option defaults", defaults)):
        for name in sorted(names):
            if name not in NAMES:
                raise ValueError(f"{source} {name}: DeepFreak has none{suggestion(name, NAMES)}")
    for name in REQUIRED:
        if name not in given and name not in defaults:
            raise ValueError(
                f"parameter {name}: missing; add it to the space or fix it in option defaults"
            )


def check_values(values: Mapping[str, Any]) -> None:
    """Refuse illegal values of the hyperparameters that are named.

    Raises:
        ValueError: a value outside its hyperparameter's range.
    """
    for name, value in values.items():
        _READERS[name](name, value)


def _whole(name: str, value: Any) -> int:
    # Spaces hand over numpy's integers, and some samplers whole floats.
    number = _number(name, value)
    if number != int(number):
        raise ValueError(f"parameter {name}: must be a whole number, not {value!r}")
    return int(number)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"parameter {name}: must be a finite number, not {value!r}")
    return float(value)


def _topology(name: str, value: Any) -> int:
    return topology(_whole(name, value)).number


def _batch_size(name: str, value: Any) -> int:
    size = _whole(name, value)
    if size < 1:
        raise ValueError(f"parameter {name}: must be at least 1, not {value!r}")
    return size


def _learning_rate(name: str, value: Any) -> float:
    rate = _number(name, value)
    if rate <= 0:
        raise ValueError(f"parameter {name}: must be positive, not {value!r}")
    return rate


def _momentum(name: str, value: Any) -> float:
    momentum = _number(name, value)
    if not 0 <= momentum <= 1:
        raise ValueError(f"parameter {name}: must lie in [0, 1], not {value!r}")
    return momentum


def _not_negative(name: str, value: Any) -> float:
    number = _number(name, value)
    if number < 0:
        raise ValueError(f"parameter {name}: must not be negative, not {value!r}")
    return number


def _share(name: str, value: Any) -> float:
    share = _number(name, value)
    if not 0 <= share < 1:
        raise ValueError(f"parameter {name}: must lie in [0, 1), not {value!r}")
    return share


class _OneOf:
    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def __call__(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            known = " or ".join(self.choices)
            raise ValueError(f"parameter {name}: must be {known}, not {value!r}")
        return str(value)  # numpy's strings are not plain


_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "topology": _topology,
    "learning_rate": _learning_rate,
    "momentum": _momentum,
    "weight_decay": _not_negative,
    "batch_size": _batch_size,
    "normalisation": _OneOf("batch", "group"),
    "evaluation_statistics": _OneOf("running", "image", "target"),
    "rate_schedule": _OneOf("steps", "one_cycle"),
    "label_smoothing": _share,
    "loss": _OneOf("cross_entropy", "ordinal"),
    "symmetries": _OneOf("none", "dihedral"),
    "intensity_range": _not_negative,
    "grey_levels": _OneOf(*GREY_LEVELS),
    "test_time_augmentation": _OneOf("none", "symmetries"),
}
