from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

import pytest

from automl.tracking.run_view import RunKey
from automl.tracking.search_view import SearchView


def folded(events) -> SearchView:
    view = SearchView()
    for event in events:
        view.fold(event)
    return view


def steps(run, key) -> list[int]:
    return [point.step for point in run.points if point.key == key]


@pytest.fixture
def begun(ledgers):
    ledger = ledgers.LedgerMaker()
    ledger.plan()
    return ledger


def test_one_run_for_each_configuration_and_confirmed_seed(ledgers):
    view = folded(ledgers.whole_search())
    kinds = sorted(key.kind for key in view.children)
    assert kinds == ["configuration"] * 3 + ["confirmation"] * 2
    seeds = {key.confirmation_seed for key in view.children if key.kind == "confirmation"}
    assert seeds == {"0", "1"}


def test_epochs_go_on_across_rungs(ledgers):
    view = folded(ledgers.whole_search())
    best = RunKey("configuration", ledgers.configuration_id(ledgers.configuration(10)))
    assert steps(view.children[best], "validation_accuracy") == [1, 2, 3]
    assert steps(view.children[best], "loss") == [1, 3]
    # The latest trial's; as metrics they would stand before the accuracies.
    tags = view.children[best].tags
    assert (tags["automl.budget"], tags["automl.rung"], tags["automl.bracket"]) == ("3", "1", "0")
    keys = [point.key for point in view.children[best].points]
    assert keys[0] == "validation_accuracy"
    assert not {"budget", "rung", "bracket"} & set(keys)
    assert view.children[best].tags["automl.origin"] == "random"
    assert view.children[best].tags["automl.trials"] == "0, 3"


def test_a_run_starts_with_its_first_trial_and_is_reopened_by_a_promotion(begun, ledgers):
    values = ledgers.configuration(10)
    begun.asked(0, values, 1)
    assert folded(begun.events).children == {}
    begun.trained(0, 1, 1)
    (run,) = folded(begun.events).children.values()
    assert run.status == "FINISHED"
    begun.asked(1, values, 3, previous_budget=1, origin="promoted", rung=1)
    begun.add("started", number=1, attempt=1)
    (run,) = folded(begun.events).children.values()
    assert (run.status, run.end) == ("RUNNING", None)


def test_an_epoch_reported_again_after_a_kill_keeps_its_first_row(begun, ledgers):
    begun.asked(0, ledgers.configuration(10), 3)
    begun.add("started", number=0, attempt=1)
    begun.add("reported", number=0, epoch=1, metrics={"validation_accuracy": 0.25})
    begun.add("resumed")
    (run,) = folded(begun.events).children.values()
    assert run.status == "KILLED"
    begun.add("started", number=0, attempt=2)
    begun.add("reported", number=0, epoch=1, metrics={"validation_accuracy": 0.26})
    begun.add("reported", number=0, epoch=2, metrics={"validation_accuracy": 0.5})
    (run,) = folded(begun.events).children.values()
    assert [(point.step, point.value) for point in run.points] == [(1, 0.25), (2, 0.5)]
    assert run.status == "RUNNING"
    assert run.tags["automl.attempt"] == "2"


def test_the_incumbent_is_drawn_against_what_was_really_spent(ledgers):
    parent = folded(ledgers.whole_search()).parent
    points = [p for p in parent.points if p.key == "incumbent_validation_accuracy"]
    # 1 + 1 epochs, a trial that failed before its first, and 1 more pair for the promotion 1 → 3.
    assert [(p.step, pytest.approx(p.value)) for p in points] == [(1, 0.45), (2, 0.45), (4, 0.675)]


def test_a_larger_budget_replaces_the_incumbent_even_by_a_worse_figure(begun, ledgers):
    begun.asked(0, ledgers.configuration(1), 1)
    begun.trained(0, 1, 1, best=1.0)
    begun.asked(1, ledgers.configuration(2), 3)
    begun.trained(1, 1, 3, best=0.4)
    parent = folded(begun.events).parent
    assert parent.tags["automl.incumbent"] == ledgers.configuration_id(ledgers.configuration(2))


def test_a_trial_answered_from_the_ledger_costs_nothing_and_makes_no_run(begun, ledgers):
    values = ledgers.configuration(10)
    begun.asked(0, values, 1)
    begun.trained(0, 1, 1)
    begun.asked(1, values, 1)
    metrics = ledgers.epoch_metrics(1)
    begun.add("finished", number=1, loss=0.6, metrics=metrics, answered_by=0, seconds=0.0)
    view = folded(begun.events)
    (run,) = view.children.values()
    assert steps(run, "validation_accuracy") == [1]
    assert steps(view.parent, "incumbent_validation_accuracy") == [1]
    assert run.tags["automl.answered_by"] == "0"


def test_a_failure_carries_its_reason(ledgers):
    view = folded(ledgers.whole_search())
    (failed,) = [run for run in view.children.values() if run.status == "FAILED"]
    assert failed.tags["automl.status"] == "diverged"
    assert failed.tags["automl.reason"] == "loss is NaN"


def test_test_splits_become_inputs_only_when_they_are_opened(ledgers):
    events = ledgers.whole_search()
    sealed = [event for event in events if event["event"] not in ("unsealed", "evaluated")]
    before = {view.context for view in folded(sealed).parent.inputs}
    assert before == {"training", "validation"}
    names = {view.name for view in folded(events).parent.inputs if view.context == "test"}
    assert names == {"diffranet/synthetic/test", "diffranet/real_raw/test"}


def test_stopping_leaves_nothing_running(begun, ledgers):
    begun.asked(0, ledgers.configuration(10), 3)
    begun.add("started", number=0, attempt=1)
    view = folded(begun.events)
    view.stop("FAILED", 5)
    assert (view.parent.status, view.parent.end) == ("FAILED", 5)
    assert [run.status for run in view.children.values()] == ["KILLED"]


def test_results_become_figures_and_text(ledgers):
    view = folded(ledgers.whole_search())
    view.conclude(ledgers.results(), 7)
    summary = view.parent.summary
    assert summary["test_diffraction_missed_synthetic"] == 1
    assert summary["test_diffraction_accuracy_synthetic_low"] == 0.8
    assert summary["confirmed_validation_accuracy"] == 0.72
    assert summary["trials_failed"] == 1
    note = view.parent.tags["mlflow.note.content"]
    assert "topology 10" in note
    assert "| synthetic | test | 9 | 88.9 % (70.0–95.0) |" in note


def test_results_of_a_search_in_which_everything_failed_are_taken(ledgers):
    view = folded(ledgers.whole_search()[:1])
    view.conclude({"incumbent": None, "confirmation": [], "evaluation": None, "trials": {}}, 7)
    assert view.parent.summary == {"trials_failed": 0.0}


def test_unknown_events_change_nothing(begun):
    before = len(folded(begun.events).children)
    begun.add("a_kind_of_tomorrow", number=3)
    assert len(folded(begun.events).children) == before


def test_a_description_links_the_report_and_the_best(ledgers):
    from automl.tracking.links import resolved

    view = folded(ledgers.whole_search())
    assert "report.html" not in view.parent.tags["mlflow.note.content"]
    view.conclude(ledgers.results(), 7)
    note = resolved(view.parent.tags["mlflow.note.content"], "1", "abc")
    assert "[Report](#/experiments/1/runs/abc/artifacts/report.html?" in note
    (configurations,) = re.findall(r"\[Configurations\]\((.*?)\)", note)
    page, _, query = configurations.partition("?")
    assert page == "#/experiments/1/runs"
    options = dict(parse_qsl(query))
    assert options["orderByKey"] == "metrics.`validation_accuracy`"
    assert view.search_id in options["searchFilter"]


def test_views_are_saved_with_the_columns_of_the_search(ledgers):
    tags = folded(ledgers.whole_search()[:1]).experiment_tags
    view = json.loads(tags["mlflow.sharedViewState.automl-deepfreak"])
    state = json.loads(view["state"])
    columns = [
        "metrics.`validation_accuracy`",
        "tags.`automl.budget`",
        "tags.`automl.search_name`",
        "params.`topology`",
    ]
    assert state["selectedColumns"][:4] == columns
    assert state["columnOrder"] == state["selectedColumns"]
    searches = json.loads(tags["mlflow.sharedViewState.automl-searches"])
    assert "metrics.`test_accuracy_real_raw`" in json.loads(searches["state"])["selectedColumns"]


def test_a_view_that_somebody_changed_is_left_alone(uri, ledgers):
    from mlflow.tracking import MlflowClient

    from automl.tracking.session import Session

    client, key = MlflowClient(uri), "mlflow.sharedViewState.automl-searches"
    client.set_experiment_tag(client.create_experiment("diffranet"), key, "mine")
    Session(uri, "diffranet", None).write(folded(ledgers.whole_search()[:1]))
    tags = client.get_experiment("1").tags
    assert tags[key] == "mine"
    assert tags["mlflow.experimentKind"] == "custom_model_development"
