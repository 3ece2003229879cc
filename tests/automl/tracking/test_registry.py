"""One name for models that can stand in for each other; the alias is the best one's."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from automl.tracking.champion import Version
from automl.tracking.champion import champion as told_champion
from automl.tracking.mirror import Mirror
from automl.tracking.model import LoggedModel

IMAGES = np.zeros((1, 4, 6), np.uint8)
NAME = "diffranet-synthetic-4x6"


class Blank(ClassifierMixin, BaseEstimator):
    def predict(self, images):
        return np.zeros(len(images), np.int64)


@pytest.fixture
def finish(uri, ledgers):
    """Brings a search with one model to the store."""

    def run(number: int, **changes):
        events = [dict(event) for event in ledgers.whole_search()]
        events[0] |= {"search_id": f"{number:032x}", "name": f"search{number}"}
        results = ledgers.results() | {"name": f"search{number}"}
        results["data"] = {"digest": changes.pop("digest", "d" * 64)}
        results["confirmation"][0]["mean"] = changes.pop("accuracy", 0.5)
        mirror = Mirror(uri, "diffranet", warn=pytest.fail, interval=0.0)
        mirror.start(events)
        model = LoggedModel("sklearn", Blank(), IMAGES, np.zeros(1, np.int64))
        mirror.finish(results=results | changes, files={}, figures={}, model=lambda: model, time=0)
        assert mirror.close(120) == []
        return mirror.parent_run_id

    return run


@pytest.fixture
def client(uri):
    from mlflow.tracking import MlflowClient

    return MlflowClient(uri)


def test_the_alias_follows_the_best_of_the_newest_data(finish, client, uri):
    def champion():
        return client.get_model_version_by_alias(NAME, "champion").run_id

    first = finish(1, accuracy=0.8)
    assert champion() == first
    finish(2, accuracy=0.7)
    assert champion() == first
    finish(3, accuracy=0.8)
    assert champion() == first, "of equals the older stays"
    fourth = finish(4, accuracy=0.1, digest="e" * 64)
    assert champion() == fourth, "what was measured on other data is not comparable"
    # What the command says of it, from MLflow's own tables.
    told = told_champion(uri, NAME)
    assert told is not None
    assert told.version == Version(4, 0.1, "e" * 64)
    assert told.moved_from(4) == Version(1, 0.8, "d" * 64)
    assert told.moved_from(3) is None
    version = client.get_model_version(NAME, "1")
    assert version.tags["automl.search"] == "search1"
    assert version.description.startswith("80.0 % on synthetic validation")
    assert "champion" in client.get_registered_model(NAME).description


def test_finishing_again_registers_nothing_and_mends_a_lost_alias(finish, client):
    run_id = finish(1)
    client.delete_registered_model_alias(NAME, "champion")
    assert finish(1) == run_id
    (version,) = client.search_model_versions(f"name = '{NAME}'")
    assert client.get_model_version_by_alias(NAME, "champion").version == version.version
    assert version.run_id == run_id
    (entry,) = client.search_logged_models(["1"])
    assert version.source == entry.artifact_location
    assert json.loads(entry.tags["mlflow.modelVersions"]) == [{"name": NAME, "version": "1"}]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"select": "real_raw"}, "diffranet-real_raw-4x6"),
        ({"labels": "binary"}, "diffranet-synthetic-4x6-binary"),
        ({"confirmation": []}, NAME),
    ],
)
def test_models_share_a_name_where_one_can_stand_in_for_the_other(ledgers, changes, name):
    from automl.tracking.registry import entry

    assert entry("diffranet", ledgers.results() | changes, (4, 6)).name == name


def test_a_name_holds_nothing_that_mlflow_refuses(ledgers):
    from automl.tracking.registry import entry

    assert entry("my/own: data", ledgers.results(), (4, 6)).name == "my_own_data-synthetic-4x6"
