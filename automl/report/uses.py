"""What to do with the result: the commands and names that stand near the top of the page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.report.access import mapping, text
from automl.tracking import naming

_RUNS = "runs"  # the folder in which commands look for searches unless told another


@dataclass(frozen=True)
class Use:
    """One thing to do: its name, what to type, and a remark."""

    label: str
    code: str
    remark: str = ""


def uses(results: Mapping[str, Any]) -> tuple[Use, ...]:
    """How the evaluated model is used and compared; nothing where there is none yet."""
    if not mapping(results, "evaluation"):
        return ()
    name, runs = shlex.quote(text(results, "name")), _runs(results)
    return (
        Use("use it", f"python -m automl.predict {name} images/{runs}", "classifies a folder"),
        *_registered(results),
        Use("compare it", f"python -m automl.compare {name} OTHER{runs}", "with another search"),
    )


def _runs(results: Mapping[str, Any]) -> str:
    folder = text(mapping(mapping(results, "config"), "paths"), "runs", _RUNS)
    return "" if folder == _RUNS else f" --runs {shlex.quote(folder)}"


def _registered(results: Mapping[str, Any]) -> tuple[Use, ...]:
    config = mapping(results, "config")
    tracking = mapping(config, "tracking")
    size = mapping(results, "data").get("image_shape")
    if not text(tracking, "uri") or not isinstance(size, list | tuple) or len(size) != 2:
        return ()
    experiment = text(tracking, "experiment") or text(mapping(config, "data"), "problem")
    name = naming.registered_model(
        experiment, text(results, "select"), size, text(results, "labels", "full")
    )
    alias = naming.CHAMPION
    remark = f"the registered model; its best version is the {alias}, be it this search's or not"
    return (Use("in MLflow", f"models:/{name}@{alias}", remark),)
