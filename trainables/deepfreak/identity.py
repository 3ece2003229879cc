"""What a checkpoint says it holds, and how those of earlier versions say it."""

from collections.abc import Mapping
from typing import Any

from trainables.deepfreak.data import TrialData
from trainables.deepfreak.hyperparameters import Hyperparameters
from trainables.deepfreak.options import Options

# Options that matter to one value of a hyperparameter alone: they differ freely with the others.
_OPTIONS_OF = {
    "cycle_epochs": ("rate_schedule", "one_cycle"),
    "ordered_classes": ("loss", "ordinal"),
    "ordinal_sharpness": ("loss", "ordinal"),
}
# The option that the hyperparameter `symmetries` took the place of.
_AUGMENT = {"none": "none", "symmetries": "dihedral"}


def identity_of(
    hyperparameters: Hyperparameters, options: Options, seed: int, data: TrialData
) -> dict[str, Any]:
    """What is being trained, as plain values: equal identities give equal networks."""
    return {
        **_settings(hyperparameters, options),
        "seed": seed,
        "data": data.train.digest,
        "classes": list(data.classes),
        "image_shape": list(data.image_shape),
    }


def described(identity: Mapping[str, Any]) -> tuple[Hyperparameters, Options]:
    """Hyperparameters and options of a checkpoint; what it does not name is as the paper has it.

    Raises:
        KeyError: configuration or options are missing.
        ValueError: they are not of this version or an earlier one.
    """
    options = dict(identity["options"])
    configuration = dict(identity["configuration"])
    if "augment" in options:
        configuration["symmetries"] = _AUGMENT[options.pop("augment")]
    return Hyperparameters.parse(configuration, {}), Options.parse(options)


def completed(identity: Mapping[str, Any]) -> dict[str, Any]:
    """An identity with all that this version would say, to be compared with `identity_of`.

    Raises:
        KeyError: configuration or options are missing.
        ValueError: they are not of this version or an earlier one.
    """
    return {**identity, **_settings(*described(identity))}


def _settings(hyperparameters: Hyperparameters, options: Options) -> dict[str, Any]:
    configuration = hyperparameters.as_dict()
    return {
        "configuration": configuration,
        "options": {
            name: value
            for name, value in options.of_training().items()
            if name not in _OPTIONS_OF
            or configuration[_OPTIONS_OF[name][0]] == _OPTIONS_OF[name][1]
        },
    }
