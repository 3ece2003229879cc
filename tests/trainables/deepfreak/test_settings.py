"""Options and hyperparameters: what is refused, and how."""

from typing import Any

import numpy as np
import pytest

from trainables.deepfreak.hyperparameters import Hyperparameters
from trainables.deepfreak.options import Options
from trainables.deepfreak.trainable import DeepFreak

NAMES = frozenset({"topology", "learning_rate", "momentum", "weight_decay", "batch_size"})
CONFIGURATION = {
    "topology": 8, "learning_rate": 8.4474e-4, "momentum": 0.56168, "weight_decay": 3.4855e-5,
    "batch_size": 1,
}  # fmt: skip
PAPERS = {
    "normalisation": "batch", "evaluation_statistics": "running", "rate_schedule": "steps",
    "label_smoothing": 0.0, "loss": "cross_entropy", "symmetries": "none", "intensity_range": 0.0,
    "grey_levels": "none", "test_time_augmentation": "none",
}  # fmt: skip


def test_defaults_are_the_papers() -> None:
    options = Options.parse({})
    assert (options.width, options.blocks, options.pool) == (1.0, (3, 4, 6, 3), "strict")
    assert (options.mean, options.decay_epochs, options.decay_rate) == ("pixel", 10, 0.1)
    assert not options.released_lr
    assert options.hopeless_epochs is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widht": 1}, "option widht: unknown; did you mean 'width'?"),
        ({"zzz": 1}, "option zzz: unknown; known: width, blocks"),
        ({"width": 0}, "option width: must be positive"),
        ({"width": float("nan")}, "option width: must be positive and finite"),
        ({"width": "1"}, "option width: must be a number, not '1'"),
        ({"blocks": [3, 4, 6]}, "option blocks: must be four"),
        ({"blocks": [3, 4, 6, 0]}, "option blocks: must be a whole number of at least 1"),
        ({"pool": "adaptive"}, "option pool: must be strict or scaled, not 'adaptive'"),
        ({"mean": "image"}, "option mean: must be pixel or scalar"),
        ({"decay_rate": 1.5}, "option decay_rate: must be at most 1"),
        ({"decay_epochs": 2.5}, "option decay_epochs: must be a whole number"),
        ({"released_lr": "no"}, "option released_lr: must be true or false"),
        ({"defaults": 3}, "option defaults: must map"),
        ({"augment": "none"}, "option augment: unknown"),
        ({"cycle_epochs": 0}, "option cycle_epochs: must be a whole number of at least 1"),
        ({"hopeless_epochs": 0}, "option hopeless_epochs: must be a whole number of at least 1"),
        ({"ordered_classes": "weak"}, "option ordered_classes: must be two or more different"),
        ({"ordered_classes": ["weak"]}, "option ordered_classes: must be two or more different"),
        ({"ordered_classes": ["a", "b", "a"]}, "option ordered_classes: must be two or more"),
        ({"ordinal_sharpness": 0}, "option ordinal_sharpness: must be positive"),
    ],
)
def test_illegal_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Options.parse(options)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"topology": 14}, "topology: Table 9 has columns 0 (default) to 13, not 14"),
        ({"topology": 1.5}, "parameter topology: must be a whole number"),
        ({"learning_rate": 0}, "parameter learning_rate: must be positive"),
        ({"learning_rate": float("inf")}, "parameter learning_rate: must be a finite number"),
        ({"momentum": 1.01}, "parameter momentum: must lie in [0, 1]"),
        ({"weight_decay": -1e-5}, "parameter weight_decay: must not be negative"),
        ({"batch_size": 0}, "parameter batch_size: must be at least 1"),
        ({"batch_size": "8"}, "parameter batch_size: must be a finite number, not '8'"),
        (
            {"normalisation": "layer"},
            "parameter normalisation: must be batch or group, not 'layer'",
        ),
        ({"evaluation_statistics": None}, "must be running or image or target, not None"),
        ({"rate_schedule": "cosine"}, "parameter rate_schedule: must be steps or one_cycle"),
        ({"loss": "mse"}, "parameter loss: must be cross_entropy or ordinal"),
        ({"symmetries": True}, "parameter symmetries: must be none or dihedral, not True"),
        ({"label_smoothing": 1}, "parameter label_smoothing: must lie in [0, 1)"),
        ({"intensity_range": -0.1}, "parameter intensity_range: must not be negative"),
        ({"grey_levels": "equalized"}, "parameter grey_levels: must be none or standardised or"),
        ({"test_time_augmentation": 8}, "test_time_augmentation: must be none or symmetries, not"),
        ({"momentun": 0.9}, "parameter momentun: DeepFreak has none; did you mean 'momentum'?"),
    ],
)
def test_illegal_hyperparameters(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Hyperparameters.parse({**CONFIGURATION, **change}, {})
    assert message in str(refusal.value)


def test_hyperparameters_become_plain_values() -> None:
    given = {**CONFIGURATION, "topology": np.int64(8), "momentum": np.float64(0.5)}
    parsed = Hyperparameters.parse(given, {"batch_size": 64}).as_dict()
    assert parsed == {**CONFIGURATION, **PAPERS, "momentum": 0.5}
    assert type(parsed["topology"]) is int
    assert type(parsed["momentum"]) is float


def test_what_the_paper_does_is_the_default_of_every_further_hyperparameter() -> None:
    assert Hyperparameters.parse(CONFIGURATION, {}).as_dict() == {**CONFIGURATION, **PAPERS}
    named = Hyperparameters.parse({**CONFIGURATION, "loss": np.str_("ordinal")}, {})
    assert type(named.loss) is str


def test_group_normalisation_has_no_evaluation_statistics() -> None:
    fixed = {"evaluation_statistics": "image"}
    assert Hyperparameters.parse(CONFIGURATION, fixed).evaluation_statistics == "image"
    group = {**CONFIGURATION, "normalisation": "group"}
    assert Hyperparameters.parse(group, fixed) == Hyperparameters.parse(group, {})


def test_missing_hyperparameters_come_from_the_defaults_or_are_refused() -> None:
    given = {name: value for name, value in CONFIGURATION.items() if name != "batch_size"}
    assert Hyperparameters.parse(given, {"batch_size": 8}).batch_size == 8
    with pytest.raises(ValueError, match="parameter batch_size: missing; add it to the space"):
        Hyperparameters.parse(given, {})


def test_check_accepts_the_papers_search() -> None:
    DeepFreak.check({}, NAMES, (512, 512))
    DeepFreak.check({}, NAMES, None)
    DeepFreak.check({"pool": "scaled"}, NAMES, (64, 64))
    DeepFreak.check({"defaults": {"loss": "ordinal"}}, NAMES | frozenset(PAPERS), None)


def test_check_refuses_a_strict_pool_where_topologies_do_not_fit() -> None:
    with pytest.raises(ValueError, match="topologies 1, 2, 3, 4, 5, 6, 7, 8, 11, 12 do not fit"):
        DeepFreak.check({}, NAMES, (256, 256))
    DeepFreak.check({}, dict.fromkeys(NAMES, ()) | {"topology": (9, 10, 13)}, (256, 256))
    with pytest.raises(ValueError, match=r"topology 8 does not fit 256 × 256.*at least 433"):
        DeepFreak.check({"defaults": {"topology": 8}}, NAMES - {"topology"}, (256, 256))


def test_check_refuses_parameters_and_options() -> None:
    with pytest.raises(ValueError, match="parameter dropout: DeepFreak has none"):
        DeepFreak.check({}, NAMES | {"dropout"}, None)
    with pytest.raises(ValueError, match="parameter momentum: missing"):
        DeepFreak.check({}, NAMES - {"momentum"}, None)
    with pytest.raises(ValueError, match="parameter momentum: must lie in"):
        DeepFreak.check({"defaults": {"momentum": 9}}, NAMES - {"momentum"}, None)
    with pytest.raises(ValueError, match="option defaults momentun: DeepFreak has none"):
        DeepFreak.check({"defaults": {"momentun": 0.9}}, NAMES, None)
    with pytest.raises(ValueError, match="option widht: unknown"):
        DeepFreak.check({"widht": 1}, NAMES, None)
