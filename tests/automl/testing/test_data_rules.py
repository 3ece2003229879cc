"""A sound data set keeps every rule; for each rule there are data sets that break it."""

from __future__ import annotations

import pytest
import sound_data as stubs

from automl.testing import ContractError, DataCase, data_rules, rule_name

BROKEN = {
    "check_accepts_its_options": {
        stubs.RefusesItself: "check raised ValueError: no such folder",
        stubs.WritesInCheck: "check wrote files",
    },
    "check_refuses_unknown_data_options": {stubs.TakesAnyOption: "raised nothing"},
    "domains_fit_the_classes": {
        stubs.TrainsOnTheSecond: "other, has no training split",
        stubs.ProjectsTooLittle: r"domain other: projection \(0,\)",
        stubs.ViewsTooMuch: r"view any: projection \(0, 1\)",
    },
    "selectable_names_what_can_be_selected_on": {
        stubs.NamesOneOfTwo: r"selectable gives \['own'\], the data have \['other', 'own'\]",
        stubs.NeedsImagesToSay: "selectable raised KeyError",
    },
    "shapes_and_types_are_right": {
        stubs.GivesFloats: "own/train: images are float64",
        stubs.LabelsFromOne: "own/train: labels are no indices into 2 classes",
        stubs.NamesTwice: "own/train: 6 images need as many different names",
        stubs.TurnsItsImages: r"images are \(6, 4, 6\), not \(6, 6, 4\)",
    },
    "images_are_read_only": {stubs.CanBeWritten: "own/train: images can be written to"},
    "splits_are_sealed": {
        stubs.NeverSealed: "prepare hands out own/test",
        stubs.PreparesUnsealed: "prepare hands out own/test",
        stubs.UnsealsItself: "open hands out own/test",
        stubs.StaysSealed: "split own/test of unsealed data raised PermissionError",
    },
    "digests_follow_the_images": {
        stubs.DigestsItsPlace: "equal images in another folder",
        stubs.DigestsNothing: "other images have the same digest",
        stubs.DigestsNames: "own/train: other images have the same digest",
        stubs.DigestsOnce: "two splits have one digest",
    },
    "opening_gives_what_was_prepared": {
        stubs.DigestsTheMoment: "digest is",
        stubs.PacksElsewhere: "pack under the cache",
    },
    "description_is_json": {
        stubs.DescribesPaths: "JSON of describe raised TypeError",
        stubs.DescribesTuples: "describe changes in JSON",
        stubs.CountsWrongly: "counts of other/test are None",
        stubs.NamesNoSurrogate: "surrogate is no True or False",
    },
}
RULES = {rule_name(rule): rule for rule in data_rules()}


def options_of(dataset):
    if dataset is stubs.WritesInCheck:
        return lambda folder, number: {"number": number, "folder": str(folder)}
    return stubs.options


@pytest.mark.parametrize("name", RULES)
def test_a_sound_data_set_keeps_the_rule(name, tmp_path):
    RULES[name](DataCase(stubs.SoundData, stubs.options), tmp_path)


@pytest.mark.parametrize(
    ("name", "dataset", "words"),
    [
        pytest.param(name, dataset, words, id=f"{name}-{dataset.__name__}")
        for name, stubs_of_rule in BROKEN.items()
        for dataset, words in stubs_of_rule.items()
    ],
)
def test_a_broken_data_set_breaks_the_rule(name, dataset, words, tmp_path):
    with pytest.raises(ContractError, match=words) as found:
        RULES[name](DataCase(dataset, options_of(dataset)), tmp_path)
    assert "\n" not in str(found.value)


def test_every_rule_can_fail():
    assert set(BROKEN) == set(RULES)
