"""The parent run of a search, as its plan describes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from automl.settings import flatten
from automl.tracking import description, naming, saved_views
from automl.tracking.run_view import SEARCH, DatasetView, RunKey, RunView

_CONTEXTS = {"train": "training", "validation": "validation", "test": "test"}
_MAX_DIGEST = 36


def parent_run(plan: Mapping[str, Any]) -> RunView:
    """Return the parent run of the search that ``plan`` opened."""
    config, data, provenance = (_section(plan, key) for key in ("config", "data", "provenance"))
    run = RunView(RunKey(SEARCH), str(plan["name"]), naming.milliseconds(plan))
    run.params = {
        naming.key(name): naming.param_value(value) for name, value in flatten(config).items()
    }
    run.tag(
        search_id=plan["search_id"],
        kind=SEARCH,
        search=_name(config, "search"),
        algorithm=_name(config, "algorithm"),
        trainable=_name(config, "trainable"),
        space=_name(config, "space"),
        scale=_name(config, "scale"),
        select=plan.get("select"),
        labels=plan.get("labels", "full"),
        seed=plan.get("seed"),
        order=plan.get("order"),
        domains=", ".join(splits(data)) or None,
        git=provenance.get("git"),
        data=data.get("name"),
        data_digest=data.get("digest"),
        surrogate=json.dumps(data["surrogate"]) if "surrogate" in data else None,
        config_digest=plan.get("config_digest"),
    )
    run.tags["mlflow.source.name"] = "automl.run"
    run.tags["mlflow.source.type"] = "LOCAL"
    if isinstance(provenance.get("git"), str):
        run.tags["mlflow.source.git.commit"] = provenance["git"]
    # Without the prefix of the others: a user may set it in MLflow's pages as well.
    group = _section(config, "search").get("group")
    if group is not None:
        run.tags["group"] = naming.tag_value(group)
    run.tags["mlflow.note.content"] = naming.tag_value(description.of_plan(plan))
    return run


def experiment_tags(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return what the experiment should have besides its runs; see `saved_views`."""
    config, data = _section(plan, "config"), _section(plan, "data")
    time = naming.milliseconds(plan)
    trainable = str(_name(config, "trainable"))
    parameters = _section(_section(config, "space"), "parameters")
    return {
        **saved_views.KIND,
        "mlflow.note.content": description.OF_EXPERIMENT,
        **saved_views.of_searches(splits(data), time),
        **saved_views.of_configurations(trainable, map(naming.key, parameters), time),
    }


def name_of(plan: Mapping[str, Any], group: str) -> object:
    """Return the name that a search's configuration has in a group, such as ``trainable``."""
    return _name(_section(plan, "config"), group)


def splits(data: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the counts of a data set's description, by domain and split."""
    counts = data.get("counts")
    if not isinstance(counts, Mapping):
        return {}
    return {
        str(domain): of_domain
        for domain, of_domain in counts.items()
        if isinstance(of_domain, Mapping)
    }


def inputs(plan: Mapping[str, Any], *, test: bool) -> Iterator[DatasetView]:
    """Yield the test splits of the search's data, or all the others."""
    data = _section(plan, "data")
    digest = str(data.get("digest") or "unknown")[:_MAX_DIGEST]
    source = json.dumps({key: data[key] for key in ("name", "kind", "note") if key in data})
    for domain, counts in splits(data).items():
        for split, classes in counts.items():
            if (split == "test") == test:
                yield DatasetView(
                    name=f"{data.get('name', 'data')}/{domain}/{split}",
                    digest=digest,
                    context=_CONTEXTS.get(split, split),
                    source=source,
                    profile=json.dumps({"images": _total(classes), "classes": classes}),
                )


def _total(classes: Any) -> int:
    return sum(map(int, classes.values())) if isinstance(classes, Mapping) else int(classes)


def _section(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    section = values.get(key)
    return section if isinstance(section, Mapping) else {}


def _name(config: Mapping[str, Any], group: str) -> object:
    value = config.get(group)
    return value.get("name") if isinstance(value, Mapping) else value
