"""What makes an experiment's run list readable: its kind, and views saved under a name.

MLflow keeps a saved view as a tag of the experiment. It has no documented interface; the form is
that of MLflow 3.17's pages. A version that does not know it shows its usual columns instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Spares the reader MLflow's pages for language models, and MLflow the guess."""
_PREFIX = "mlflow.sharedViewState."
SEARCHES = f"{_PREFIX}automl-searches"
"""The tag with the view that lists searches; what follows the last dot is its key in addresses."""
_SEARCH = (
    "metrics.`confirmed_validation_accuracy`",
    "metrics.`best_validation_accuracy`",
    "tags.`automl.trials_finished`",
    "tags.`automl.trainable`",
    "tags.`automl.algorithm`",
    "tags.`automl.space`",
    "tags.`automl.scale`",
    "tags.`automl.select`",
)
_CONFIGURATIONS = (
    "metrics.`validation_accuracy`",
    "tags.`automl.budget`",
    # Before the parameters, of which there may be more than a screen shows.
    "tags.`automl.search_name`",
)
_TRIALS = ("tags.`automl.status`", "tags.`automl.origin`")


def of_searches(domains: Iterable[str], time: int) -> dict[str, str]:
    """Return the tag of a view that lists searches, the latest first.

    Args:
        domains: Whose test accuracies are shown.
        time: In milliseconds since 1970.
    """
    tests = [f"metrics.`test_accuracy_{domain}`" for domain in domains]
    state = {
        "searchFilter": "tags.`automl.kind` = 'search'",
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "selectedColumns": [*_SEARCH[:2], *tests, *_SEARCH[2:]],
    }
    return {SEARCHES: _envelope("Searches", state, time)}


def of_configurations(trainable: str, parameters: Iterable[str], time: int) -> dict[str, str]:
    """Return the tag of a view that lists a trainable's configurations, the best first.

    Args:
        trainable: Its name.
        parameters: Of its space, in the order in which they are shown.
        time: In milliseconds since 1970.
    """
    columns = [f"params.`{name}`" for name in parameters]
    state = {
        "searchFilter": (
            f"tags.`automl.kind` = 'configuration' AND tags.`automl.trainable` = '{trainable}'"
        ),
        "orderByKey": "metrics.`validation_accuracy`",
        "orderByAsc": False,
        "selectedColumns": [*_CONFIGURATIONS, *columns, *_TRIALS],
    }
    key = f"{_PREFIX}automl-{trainable}"
    return {key: _envelope(f"Configurations of {trainable}, best first", state, time)}


def _envelope(name: str, state: Mapping[str, Any], time: int) -> str:
    # Without an order of its own each group of columns is sorted by name.
    whole = json.dumps({**state, "columnOrder": state["selectedColumns"]})
    return json.dumps({"name": name, "createdAt": time, "updatedAt": time, "state": whole})
