"""Which rules hold for what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from automl.testing.check_rules import (
    check_accepts_what_trains,
    check_refuses_unknown_options,
    check_refuses_unknown_parameters,
    members_are_there,
)
from automl.testing.checkpoint_rules import (
    checkpoint_precedes_its_report,
    damaged_checkpoint_is_begun_anew,
    interrupted_equals_uninterrupted,
    load_agrees_with_the_report,
    load_gives_probabilities,
    load_refuses_what_is_no_model,
    restore_agrees_with_load,
    trains_without_a_checkpoint,
)
from automl.testing.data_case import DataCase
from automl.testing.dataset_rules import (
    check_accepts_its_options,
    check_refuses_unknown_data_options,
    description_is_json,
    digests_follow_the_images,
    domains_fit_the_classes,
    images_are_read_only,
    opening_gives_what_was_prepared,
    selectable_names_what_can_be_selected_on,
    shapes_and_types_are_right,
    splits_are_sealed,
)
from automl.testing.probe_rules import probe_prices_configurations
from automl.testing.report_rules import (
    asks_for_no_test_data,
    budget_is_respected,
    configurations_of_the_space_train,
    equal_runs_give_equal_reports,
    failures_are_reported,
    reports_are_plain_and_finite,
    reports_count_epochs_from_one,
)
from automl.testing.trainable_case import TrainableCase

TrainableRule = Callable[[TrainableCase, Path], None]
DataRule = Callable[[DataCase, Path], None]


def trainable_rules(case: TrainableCase) -> tuple[TrainableRule, ...]:
    """Return the rules that hold for a trainable.

    Each is called with the case and an empty folder. Those on going on from checkpoints are for
    resumable trainables, those on ``probe`` and on ``restore`` for trainables that have them, those
    on failures and on the space for cases that name them.
    """
    rules: list[TrainableRule] = [
        members_are_there,
        check_accepts_what_trains,
        check_refuses_unknown_parameters,
        check_refuses_unknown_options,
        reports_count_epochs_from_one,
        budget_is_respected,
        reports_are_plain_and_finite,
        equal_runs_give_equal_reports,
        asks_for_no_test_data,
        trains_without_a_checkpoint,
        load_gives_probabilities,
        load_agrees_with_the_report,
        load_refuses_what_is_no_model,
    ]
    if case.is_resumable:
        rules += [
            checkpoint_precedes_its_report,
            interrupted_equals_uninterrupted,
            damaged_checkpoint_is_begun_anew,
        ]
    if case.failing is not None:
        rules.append(failures_are_reported)
    if hasattr(case.trainable, "restore"):
        rules.append(restore_agrees_with_load)
    if hasattr(case.trainable, "probe"):
        rules.append(probe_prices_configurations)
    if case.space is not None:
        rules.append(configurations_of_the_space_train)
    return tuple(rules)


def data_rules() -> tuple[DataRule, ...]:
    """Return the rules that hold for a data set; each is called with a case and an empty folder."""
    return (
        check_accepts_its_options,
        check_refuses_unknown_data_options,
        domains_fit_the_classes,
        selectable_names_what_can_be_selected_on,
        shapes_and_types_are_right,
        images_are_read_only,
        splits_are_sealed,
        digests_follow_the_images,
        opening_gives_what_was_prepared,
        description_is_json,
    )
