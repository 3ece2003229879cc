"""A sound trainable keeps every rule; for each rule there are trainables that break it."""

from __future__ import annotations

import pytest
import sound_trainable as stubs
from hypothesis import given
from hypothesis import strategies as st

from automl.testing import (
    ContractError,
    TrainableCase,
    generated_data,
    rule_name,
    trainable_rules,
)
from automl.testing.trainable_case import difference

BROKEN = {
    "members_are_there": {
        stubs.SaysNothingOfResuming: "resumable is None",
        stubs.CannotLoad: "no method 'load'",
    },
    "check_accepts_what_trains": {stubs.NeedsTheShape: "check raised TypeError"},
    "check_refuses_unknown_parameters": {
        stubs.TakesAnyParameter: "raised nothing",
        stubs.NamesNoParameter: "does not name 'no_such_thing'",
    },
    "check_refuses_unknown_options": {
        stubs.TakesAnyOption: "raised nothing",
        stubs.RefusesInTwoLines: "not one line",
    },
    "reports_count_epochs_from_one": {
        stubs.CountsFromZero: r"epochs are \[0, 1, 2\]",
        stubs.CountsInHalves: r"epochs are \[1.0",
    },
    "budget_is_respected": {
        stubs.Overspends: r"with budget 3 the epochs are \[1, 2, 3, 4\]",
        stubs.IgnoresASmallerBudget: r"with budget 1 the epochs are \[1, 2, 3\]",
    },
    "reports_are_plain_and_finite": {
        stubs.ReportsNumpy: "speed is a float32",
        stubs.ReportsNotANumber: "train_loss is nan",
        stubs.ReportsPerCent: "validation_accuracy is",
        stubs.ReportsNoAccuracy: "validation_accuracy is missing",
    },
    "equal_runs_give_equal_reports": {
        stubs.DrawsFromTheGlobalGenerator: "report 1: draw",
        stubs.RemembersEarlierTrials: "report 1: trials is 1 and 2",
    },
    "asks_for_no_test_data": {
        stubs.AsksForTestData: "asked for: data.split",
        stubs.AsksInSecret: "asked for: data.test",
        stubs.WritesToTheData: "read-only",
    },
    "trains_without_a_checkpoint": {stubs.NeedsACheckpoint: "train raised AttributeError"},
    "load_gives_probabilities": {
        stubs.GivesLogits: "miss a sum of 1",
        stubs.GivesLabels: "shape",
        stubs.HasOtherClasses: "not the data's",
    },
    "load_agrees_with_the_report": {stubs.LoadsAnotherModel: "its checkpoint has"},
    "load_refuses_what_is_no_model": {stubs.LoadsAnything: "missing checkpoint returned a model"},
    "restore_agrees_with_load": {
        stubs.RestoresAnother: "a restored model predicts otherwise",
        stubs.RestoresAnything: "restore of a missing checkpoint returned a model",
        stubs.SaysNothingOfPickles: "unpickles is None",
    },
    "checkpoint_precedes_its_report": {
        stubs.WritesAfterTheReport: "no checkpoint when the report of epoch 1 comes",
        stubs.WritesAtTheEnd: "no checkpoint when the report of epoch 1 comes",
    },
    "interrupted_equals_uninterrupted": {
        stubs.ForgetsItsGenerator: "continued: report 2",
        stubs.SharesWhatItReports: "continued: report",
    },
    "damaged_checkpoint_is_begun_anew": {
        stubs.CrashesOnDamage: "train raised UnpicklingError",
        stubs.SilentOnDamage: "no report has a note",
    },
    "failures_are_reported": {
        stubs.RaisesWhereItFails: "train raised FloatingPointError",
        stubs.GoesOnAfterFailure: "without a status",
        stubs.GivesNoReason: "reason is None",
    },
    "configurations_of_the_space_train": {stubs.KnowsOneKind: "'kind': 'odd'"},
}


def case_of(trainable):
    return TrainableCase(
        trainable,
        data=generated_data,
        configuration=stubs.CONFIGURATION,
        budget=3,
        failing=stubs.FAILING,
        space=stubs.SPACE,
    )


SOUND = case_of(stubs.Sound)
RULES = {rule_name(rule): rule for rule in trainable_rules(SOUND)}


@pytest.mark.parametrize("name", RULES)
def test_a_sound_trainable_keeps_the_rule(name, tmp_path):
    RULES[name](SOUND, tmp_path)


@pytest.mark.parametrize(
    ("name", "trainable", "words"),
    [
        pytest.param(name, trainable, words, id=f"{name}-{trainable.__name__}")
        for name, stubs_of_rule in BROKEN.items()
        for trainable, words in stubs_of_rule.items()
    ],
)
def test_a_broken_trainable_breaks_the_rule(name, trainable, words, tmp_path):
    with pytest.raises(ContractError, match=words) as found:
        RULES[name](case_of(trainable), tmp_path)
    assert "\n" not in str(found.value)


def test_every_rule_can_fail():
    assert set(BROKEN) == set(RULES)


def test_rules_that_do_not_apply_are_left_out():
    class OneShot(stubs.Sound):
        resumable = False

    case = TrainableCase(OneShot, data=generated_data, configuration=stubs.CONFIGURATION)
    names = {rule_name(rule) for rule in trainable_rules(case)}
    assert set(RULES) - names == {
        "checkpoint_precedes_its_report",
        "interrupted_equals_uninterrupted",
        "damaged_checkpoint_is_begun_anew",
        "failures_are_reported",
        "configurations_of_the_space_train",
    }


def test_resuming_needs_a_second_epoch():
    with pytest.raises(ValueError, match="budget=1: give at least 2"):
        TrainableCase(stubs.Sound, data=generated_data, configuration={}, budget=1)


def test_a_configuration_that_fails_is_no_case(tmp_path):
    case = TrainableCase(stubs.Sound, data=generated_data, configuration=stubs.FAILING, budget=2)
    with pytest.raises(ContractError, match="give one that trains"):
        RULES["reports_are_plain_and_finite"](case, tmp_path)


METRICS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2))
TIMES = st.fixed_dictionaries({"seconds": st.floats(0), "fit_seconds": st.floats(0)})


@given(reports=st.lists(METRICS), others=st.lists(METRICS), times=TIMES)
def test_runs_differ_in_metrics_and_not_in_times(reports, others, times):
    timed = [{**report, **times} for report in reports]
    assert (difference(timed, others) is None) == (reports == others)
