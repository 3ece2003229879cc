"""Which key a misspelt one is taken for: on the level where it goes wrong, or none."""

from __future__ import annotations

import pytest

from automl.complaints import near_key
from automl.errors import near_miss

KEYS = (
    "seed",
    "workers",
    "algorithm.name",
    "algorithm.eta",
    "confirmation.seeds",
    "confirmation.budget",
    "space.only.penalty",
    "space.parameters.learning_rate.lower",
    "space.parameters.learning_rate.upper",
    "space.parameters.momentum.upper",
    "trainable.options.width",
    "trainable.budget.max",
    "data.options.crystal.cell",
    "data.options.seed",
)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("space.parameters.learning_rat.upper", "space.parameters.learning_rate.upper"),
        ("space.parameters.learning_rate.uper", "space.parameters.learning_rate.upper"),
        ("space.paramters.lerning_rate.uper", "space.parameters.learning_rate.upper"),
        ("space.onyl.penalty", "space.only.penalty"),
        ("space.only.penalti", "space.only.penalty"),
        ("trainable.optins.width", "trainable.options.width"),
        ("data.options.crystall.cell", "data.options.crystal.cell"),
        ("data.option.seed", "data.options.seed"),
        ("algoritm.eta", "algorithm.eta"),
        ("wrokers", "workers"),
        # Looked for in the wrong section.
        ("trainable.widht", "trainable.options.width"),
        ("seeds", "confirmation.seeds"),
        ("budget.max", "trainable.budget.max"),
    ],
)
def test_the_key_that_was_meant(key, meant):
    assert near_key(key, KEYS) == f"; did you mean '{meant}'?"


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        (
            "space.parameters.weight_decay.upper",
            "; space.parameters has learning_rate, momentum",
        ),
        ("space.parameters.momentum.choices", "; space.parameters.momentum has upper"),
        ("algorithm.bandwidth", "; algorithm has eta, name"),
        ("seed.first", "; seed has no keys of its own"),
        (
            "wandb.project",
            "; known: algorithm, confirmation, data, seed, space, trainable, workers",
        ),
    ],
)
def test_far_from_all_there_is_a_list_of_the_level(key, hint):
    assert near_key(key, KEYS) == hint


@pytest.mark.parametrize(
    ("key", "choices", "hint"),
    [
        ("data.root", ["data=own"], "; data has options; data=own has it"),
        (
            "seed.first",
            ["seed=a", "seed=b"],
            "; seed has no keys of its own; seed=a and seed=b have it",
        ),
        # With them there would be this very key: then no other one was meant.
        (
            "trainable.widht",
            ["trainable=own"],
            "; trainable has budget, options; trainable=own has it",
        ),
    ],
)
def test_choices_of_the_group_that_have_the_key_are_named(key, choices, hint):
    assert near_key(key, KEYS, choices) == hint


NAMES = (
    *("classical_random", "deepfreak_bohb", "deepfreak_random", "deepfreak_tpe"),
    *("glcm", "paper_table4", "paper_table5", "sift"),
)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("deepfreak_bob", "deepfreak_bohb"),
        ("DeepFreak-BOHB", "deepfreak_bohb"),
        ("gclm", "glcm"),
        ("sfit", "sift"),
        ("classical", "classical_random"),  # the only one that begins so
        ("dfbohb", "deepfreak_bohb"),
        ("deepfreak", None),  # several do
        ("paper_table9", None),  # as near to the one as to the other
        ("deepfreak_grid", None),
        ("lbp", None),
        ("", None),
    ],
)
def test_a_name_is_suggested_that_few_slips_lead_to(word, meant):
    known = f"known: {', '.join(NAMES)}"
    assert near_miss(word, NAMES) == "; " + (f"did you mean '{meant}'?" if meant else known)


def test_a_parameter_by_its_name_alone_is_one_to_fix():
    hint = near_key("learning_rate", KEYS)
    assert hint.startswith("; did you mean 'space.only.learning_rate', which fixes it")
