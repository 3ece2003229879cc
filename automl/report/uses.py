"""What to do with the result: the commands and names that stand near the top of the page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.report.access import bounds, mapping, real, rows, text
from automl.tracking import naming

_RUNS = "runs"  # the folder in which commands look for searches unless told another
_LABELS = "full"  # the classes that a search tells apart unless told another


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
        *_other_domain(results),
    )


def _other_domain(results: Mapping[str, Any]) -> tuple[Use, ...]:
    """The search selected on the domain that the model is worst on, if it is beyond chance."""
    select, counts = text(results, "select"), mapping(mapping(results, "data"), "counts")
    evaluated = {
        text(one, "domain"): one for one in rows(mapping(results, "evaluation"), "domains")
    }
    here = bounds(evaluated.get(select), "interval")
    trained = [name for name in counts if mapping(mapping(counts, name), "train")]
    worse = [
        (accuracy, name)
        for name, one in evaluated.items()
        if (there := bounds(one, "interval")) is not None
        and (accuracy := real(one, "accuracy")) is not None
        and here is not None
        and there[1] < here[0]
        and name not in (select, *trained)
        and mapping(mapping(counts, name), "validation")
    ]
    # No figure of a smoke test means anything, this comparison neither.
    if not worse or not trained or text(results, "scale") == "smoke":
        return ()
    domain = min(worse)[1]
    found, trained_on = (one.replace("_", " ") for one in (domain, trained[0]))
    remark = (
        f"selects on {found} images, trains on {trained_on} ones; "
        f"the accuracy on {found} ones is below that on {select.replace('_', ' ')} ones"
    )
    return (Use("go on", _search_on(results, domain), remark),)


def _search_on(results: Mapping[str, Any], domain: str) -> str:
    config, labels = mapping(results, "config"), text(results, "labels")
    data, runs = mapping(config, "data"), text(mapping(config, "paths"), "runs", _RUNS)
    settings = {
        "search": text(results, "search"),
        "scale": text(results, "scale"),
        "data": text(data, "name") if text(data, "root") else "",
        "data.root": text(data, "root"),
        "labels": labels if labels != _LABELS else "",
        **_objective(mapping(results, "objective")),
        "select": domain,
        "paths.runs": runs if runs != _RUNS else "",
    }
    words = [shlex.quote(f"{key}={value}") for key, value in settings.items() if value]
    return " ".join(["python -m automl.run", *words])


def _objective(section: Mapping[str, Any]) -> dict[str, str]:
    """Settings of an objective with a latency; the plain one has no section."""
    name, limit = text(section, "name"), real(section, "latency_limit_ms")
    if not name:
        return {}
    return {
        "objective": name,
        "objective.latency_limit_ms": "null" if limit is None else f"{limit:g}",
    }


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
        experiment, text(results, "select"), size, text(results, "labels", _LABELS)
    )
    alias = naming.CHAMPION
    remark = f"the registered model; its best version is the {alias}, be it this search's or not"
    return (Use("in MLflow", f"models:/{name}@{alias}", remark),)
