"""The names that a space may use, and their checks."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from trainables.grey_levels import GREY_LEVELS

EXTRACTORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "glcm": ("glcm_distances", "glcm_angles"),
        "lbp": ("lbp_points", "lbp_radius"),
        "sift": ("sift_clusters",),
    }
)
"""Extractor to the parameters that it needs (Table 8)."""

CLASSIFIERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rf": ("rf_trees", "rf_max_features", "rf_max_depth", "rf_class_weight"),
        "svm": ("svm_c", "svm_gamma", "svm_class_weight"),
    }
)
"""Classifier to the parameters that it needs (Table 8)."""

PARAMETERS = (
    "extractor",
    "classifier",
    *(name for group in (EXTRACTORS, CLASSIFIERS) for names in group.values() for name in names),
)


FURTHER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"grey_levels": GREY_LEVELS, "feature_statistics": ("training", "target")}
)
"""What `space=classical_extended` adds: parameter to its values. The first is the paper's way, and
what a configuration has that does not name the parameter."""


def check_parameters(names: Collection[str]) -> None:
    """Refuse a space whose configurations could not be trained.

    Raises:
        ValueError: A name that is not a parameter, or a parameter that is missing.
    """
    for name in sorted(names):
        if name not in PARAMETERS and name not in FURTHER:
            known = _suggest(name, (*PARAMETERS, *FURTHER))
            raise ValueError(f"classical: unknown parameter {name!r}{known}")
    for chooser, families in (("extractor", EXTRACTORS), ("classifier", CLASSIFIERS)):
        if chooser not in names:
            raise ValueError(
                f"classical: the space lacks {chooser!r}; add it with choices of {_or(families)}"
            )
        complete = False
        for family, needed in families.items():
            missing = [name for name in needed if name not in names]
            if missing and len(missing) < len(needed):
                raise ValueError(
                    f"classical: the space lacks {missing[0]!r}, which {chooser} {family!r} needs"
                )
            complete |= not missing
        if not complete:
            raise ValueError(f"classical: the space has no parameters of {_or(families)}")


def active_values(configuration: Mapping[str, Any], chooser: str) -> tuple[str, dict[str, Any]]:
    """The chosen extractor or classifier and the values of its parameters.

    Args:
        configuration: Parameter name to value.
        chooser: `extractor` or `classifier`.

    Raises:
        ValueError: The choice is missing or unknown, or a value is missing.
    """
    families = EXTRACTORS if chooser == "extractor" else CLASSIFIERS
    choice: Any = configuration.get(chooser)
    if choice not in families:
        raise ValueError(f"configuration: {chooser} must be {_or(families)}, not {choice!r}")
    missing = [name for name in families[choice] if name not in configuration]
    if missing:
        raise ValueError(f"configuration: {chooser} {choice!r} needs {missing[0]!r}")
    return choice, {name: configuration[name] for name in families[choice]}


def further_value(configuration: Mapping[str, Any], name: str) -> Any:
    """The value of a parameter of `FURTHER`.

    Raises:
        ValueError: It is none of them.
    """
    values = FURTHER[name]
    value = configuration.get(name, values[0])
    if not isinstance(value, str) or value not in values:
        raise ValueError(f"configuration: {name} must be {_or(values)}, not {value!r}")
    return str(value)


def _or(names: Collection[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"


def _suggest(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
