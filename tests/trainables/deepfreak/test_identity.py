from types import SimpleNamespace
from typing import Any

import pytest

from trainables.deepfreak.hyperparameters import Hyperparameters
from trainables.deepfreak.identity import completed, described, identity_of
from trainables.deepfreak.options import Options

TABLE_10 = {
    "topology": 8, "learning_rate": 1e-3, "momentum": 0.5, "weight_decay": 1e-5, "batch_size": 4,
}  # fmt: skip
DATA = SimpleNamespace(
    train=SimpleNamespace(digest="d"), classes=("a", "b"), image_shape=(512, 512)
)
# As it was written before there were more than Table 10's hyperparameters.
EARLIER = {
    "configuration": TABLE_10,
    "seed": 3,
    "options": {
        "width": 1.0, "blocks": [3, 4, 6, 3], "pool": "strict", "mean": "pixel", "augment": "none",
        "decay_epochs": 10, "decay_rate": 0.1, "released_lr": False, "channels_last": True,
    },
    "data": "d",
    "classes": ["a", "b"],
    "image_shape": [512, 512],
}  # fmt: skip


def identity(options: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    hyperparameters = Hyperparameters.parse({**TABLE_10, **changes}, {})
    return identity_of(hyperparameters, Options.parse(options or {}), 3, DATA)


def test_an_earlier_checkpoint_is_one_of_the_defaults() -> None:
    assert completed(EARLIER) == identity()


def test_the_earlier_option_is_the_hyperparameter_now() -> None:
    options = {**EARLIER["options"], "augment": "symmetries"}
    assert completed({**EARLIER, "options": options}) == identity(symmetries="dihedral")


@pytest.mark.parametrize(
    "changes",
    [
        {"normalisation": "group"},
        {"evaluation_statistics": "target"},
        {"rate_schedule": "one_cycle"},
        {"loss": "ordinal"},
        {"label_smoothing": 0.1},
        {"symmetries": "dihedral"},
        {"intensity_range": 0.3},
        {"grey_levels": "equalised"},
        {"test_time_augmentation": "symmetries"},
    ],
)
def test_every_term_is_part_of_the_identity(changes: dict[str, Any]) -> None:
    assert identity(**changes) != identity()
    assert completed(identity(**changes)) == identity(**changes)
    hyperparameters, _ = described(identity(**changes))
    assert hyperparameters == Hyperparameters.parse({**TABLE_10, **changes}, {})


@pytest.mark.parametrize(
    ("option", "changes"),
    [
        ({"cycle_epochs": 9}, {"rate_schedule": "one_cycle"}),
        ({"ordinal_sharpness": 3.0}, {"loss": "ordinal"}),
        ({"ordered_classes": ["good", "weak"]}, {"loss": "ordinal"}),
    ],
)
def test_an_option_counts_only_where_it_is_used(
    option: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert identity(option) == identity()
    assert identity(option, **changes) != identity(**changes)
    assert completed(identity(option, **changes)) == identity(option, **changes)


@pytest.mark.parametrize("options", [{"patience": 1}, {"augment": "mirrors"}])
def test_what_no_version_knows(options: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        completed({**EARLIER, "options": options})
