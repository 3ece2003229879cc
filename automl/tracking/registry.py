"""The model registry: one name for models that can stand in for each other, the best one marked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode
from mlflow.tracking import MlflowClient

from automl.formatting import configuration_words, counted, mean_over_seeds, percent_interval
from automl.tracking import champion, naming
from automl.tracking.store import Store

_LINKS = "mlflow.modelVersions"


@dataclass(frozen=True)
class Entry:
    """A version of a registered model.

    Attributes:
        name: Of the registered model.
        about: Markdown that describes the name, written with its first version.
        note: Markdown that describes the version.
        tags: Of the version; the best is found by them.
    """

    name: str
    about: str
    note: str
    tags: Mapping[str, str]


def entry(experiment: str, results: Mapping[str, Any], size: tuple[int, int]) -> Entry:
    """Describe a search's chosen model for the registry.

    Models share a name where one can stand in for the other: they take images of one size, tell
    the same classes apart, and were selected on the same domain.

    Args:
        experiment: Name of the experiment, which is that of the problem.
        results: What results.json holds.
        size: (height, width) of the images that the model takes.
    """
    labels = results.get("labels", "full")
    name = naming.registered_model(experiment, results["select"], size, labels)
    chosen = _chosen(results)
    accuracy = chosen.get("mean")
    facts = {
        "automl.search": results["name"],
        "automl.trainable": results.get("trainable"),
        "automl.configuration_id": chosen.get("configuration_id"),
        champion.ACCURACY: None if accuracy is None else repr(float(accuracy)),
        champion.DATA: results["data"].get("digest"),
    }
    tags = {key: naming.tag_value(value) for key, value in facts.items() if value is not None}
    return Entry(name, _about(name, results["select"], size), _note(results, chosen), tags)


def register(store: Store, run_id: str, model: Any, wanted: Entry) -> str:
    """Register a logged model as a version of its name, once, and the alias to the best.

    Args:
        store: Where.
        run_id: The search's run.
        model: MLflow's entry of the logged model.
        wanted: How it is to be described.

    Returns:
        The number of the version.

    Raises:
        mlflow.exceptions.MlflowException: The registry does not answer, or refuses.
    """
    client = store.client
    _make(client, wanted)
    if run_id not in {found.run_id for found in _versions(store, wanted.name)}:
        client.create_model_version(
            wanted.name,
            # A `models:/…` address would be looked up in whatever store MLflow's global one is.
            source=model.artifact_location,
            run_id=run_id,
            model_id=model.model_id,
            tags=dict(wanted.tags),
            description=wanted.note,
        )
    return mark(store, run_id, model, wanted.name)


def name_of(store: Store, run_id: str) -> str | None:
    """Return the name under which a search's model is registered, if it is."""
    found = store.client.search_model_versions(f"run_id = '{run_id}'", max_results=1)
    return str(found[0].name) if found else None


def mark(store: Store, run_id: str, model: Any, name: str) -> str:
    """Link a logged model to its version and give the alias to the best; return the number."""
    client, versions = store.client, _versions(store, name)
    number = str(next(found.version for found in versions if found.run_id == run_id))
    # The model's own page shows this; a server writes it itself, a file's client does not.
    links = json.dumps([{"name": name, "version": number}])
    client.set_logged_model_tags(model.model_id, {_LINKS: links})
    best = champion.best(champion.version(found.version, found.tags) for found in versions)
    client.set_registered_model_alias(name, naming.CHAMPION, str(best.number))
    return number


def _versions(store: Store, name: str) -> list[Any]:
    found, token = [], None
    while True:
        page = store.client.search_model_versions(f"name = '{name}'", page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def _make(client: MlflowClient, wanted: Entry) -> None:
    try:
        client.create_registered_model(wanted.name, description=wanted.about)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
            raise


def _chosen(results: Mapping[str, Any]) -> Mapping[str, Any]:
    chosen = [found for found in results.get("confirmation") or () if found.get("chosen")]
    return chosen[0] if chosen else {}


def _about(name: str, select: str, size: tuple[int, int]) -> str:
    return (
        f"Chosen models of finished searches, selected on the validation split of `{select}`. "
        f"A model takes images (n, {size[0]}, {size[1]}) uint8 and gives a table with the "
        f"probability of each class.\n\nThe alias `{naming.CHAMPION}` is the version with the "
        "highest confirmed validation accuracy among those that learned from the newest data, of "
        "equals the oldest.\n\n"
        "In the project's folder: `MLFLOW_TRACKING_URI=sqlite:///mlflow/mlflow.db "
        f"mlflow models serve -m models:/{name}@{naming.CHAMPION} --env-manager local` "
        "(of another store, its own address)"
    )


def _note(results: Mapping[str, Any], chosen: Mapping[str, Any]) -> str:
    paragraphs = []
    if chosen:
        # First and short: a list of versions shows the first thirty letters.
        seeds = counted(len(chosen.get("seeds") or ()), "seeds")
        figure = mean_over_seeds(chosen.get("mean"), chosen.get("interval"))
        accuracy, bracket, interval = figure.partition(" (")
        paragraphs.append(
            f"{accuracy} on {results['select']} validation{bracket}{interval}, mean over {seeds}."
        )
    paragraphs.append(f"Search `{results['name']}`.")
    if chosen.get("configuration"):
        paragraphs.append(f"Configuration: {configuration_words(chosen['configuration'])}.")
    for tested in (results.get("evaluation") or {}).get("domains") or ():
        accuracy = percent_interval(tested.get("accuracy"), tested.get("interval"), tested.get("n"))
        paragraphs.append(f"Test, `{tested['domain']}`: {accuracy}, {tested.get('n')} images.")
    return "\n\n".join(paragraphs)
