"""What a store lacked, as `python -m automl.sync` says it."""

from __future__ import annotations

import json

import pytest

from automl import sync
from automl.tracking.mirror import Mirror
from automl.tracking.written import Written


def test_counts_are_said_without_those_that_are_none():
    assert str(Written()) == ""
    assert str(Written(runs=2, metrics=1, models=1)) == "2 runs, 1 metric value, 1 model"
    assert str(Written(updated=1)) == "something to 1 earlier run"


@pytest.fixture
def runs(tmp_path, ledgers):
    """A folder with one search that was killed after some trials."""
    ledger = ledgers.LedgerMaker(name="cut")
    config = {"tracking": {"uri": None, "experiment": "diffranet", "artifacts": None}}
    ledger.plan(config=config)
    ledger.asked(0, ledgers.configuration(10), 1)
    ledger.trained(0, 1, 1)
    (tmp_path / "cut").mkdir()
    lines = "".join(f"{json.dumps(event)}\n" for event in ledger.events)
    (tmp_path / "cut" / "ledger.jsonl").write_text(lines)
    return tmp_path


def test_sync_says_what_it_wrote_and_nothing_twice(runs, uri, capsys):
    words = ["cut", f"runs={runs}", f"uri={uri}"]

    def said():
        assert sync.main(words) == 0
        return capsys.readouterr().out

    # Of the configuration six of its epoch and the loss, of the search the incumbent's two.
    assert said() == "cut: wrote 2 runs, 9 metric values\n"
    assert said() == "cut: MLflow lacked nothing\n"
    from mlflow.tracking import MlflowClient

    client = MlflowClient(uri)
    (parent,) = client.search_runs(["1"], "tags.`automl.kind` = 'search'")
    client.set_tag(parent.info.run_id, "automl.seed", "9")
    assert said() == "cut: wrote something to 1 earlier run\n"


def test_a_model_that_is_registered_is_not_loaded_again(uri, ledgers, tmp_path):
    import numpy as np
    from sklearn.dummy import DummyClassifier

    from automl.tracking.model import LoggedModel

    images = np.zeros((1, 4, 6), np.uint8)
    native = DummyClassifier().fit(np.zeros((2, 1)), [0, 1])
    report = tmp_path / "report.html"
    report.write_text("report")
    given = []
    results = ledgers.results() | {"data": {"digest": "d" * 64}}
    for source in (lambda: LoggedModel("sklearn", native, images, np.zeros((1, 2))), pytest.fail):
        mirror = Mirror(uri, "diffranet", warn=pytest.fail, interval=0.0)
        for event in ledgers.whole_search():
            mirror.append(event)
        files = {"report.html": report}
        mirror.finish(results=results, files=files, figures={}, model=source, time=0)
        mirror.start([])
        assert mirror.close(120) == []
        given.append(mirror.written)
    first, second = given
    assert (first.runs, first.files, first.models) == (6, 1, 1)
    assert second == Written()
