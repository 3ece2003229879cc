"""The final evaluation: which splits it opens, and what is said of a domain as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import drive
from hypothesis import given
from hypothesis import strategies as st
from stub_plugins import StubData, StubDomain

from automl.ledger import Ledger, read_events
from automl.plugins import evaluation_splits
from automl.results import results
from automl.state import replayed
from automl.statistics import wilson_interval
from diffranet.domains import DOMAINS

SPLITS = tuple(evaluation_splits(list(StubData(Path()).domains.values()), "synthetic"))
SOME = st.lists(st.sampled_from(("train", "validation", "test")), unique=True)


def test_no_real_image_has_chosen_a_model_selected_on_synthetic_ones():
    assert evaluation_splits(DOMAINS, "synthetic") == [
        ("synthetic", "test"),
        ("real_raw", "test"),
        ("real_preprocessed", "test"),
        ("real_raw", "validation"),
        ("real_preprocessed", "validation"),
    ]


@pytest.mark.parametrize("select", ["real_raw", "real_preprocessed"])
def test_raw_and_preprocessed_are_the_same_images(select):
    assert [split for _, split in evaluation_splits(DOMAINS, select)] == ["test"] * 3


@given(st.lists(SOME, max_size=4), st.integers(0, 4))
def test_each_split_is_opened_once_and_none_that_was_used(splits, place):
    domains = [StubDomain(f"d{i}", splits=tuple(own)) for i, own in enumerate(splits)]
    select = f"d{place}"
    found = evaluation_splits(domains, select)
    assert len(found) == len(set(found))
    tests = [(domain.name, "test") for domain in domains if "test" in domain.splits]
    assert found[: len(tests)] == tests
    assert all(split == "validation" for _, split in found[len(tests) :])
    for domain in domains:
        assert {split for name, split in found if name == domain.name} <= set(domain.splits)
    used = {("d0", "train"), ("d0", "validation"), (select, "validation")}
    assert not used & set(found)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, drive(folder, "random", splits=SPLITS)


def test_test_splits_stand_where_they_did(found, tmp_path):
    alone = drive(tmp_path, "random")
    evaluation = found[1]["evaluation"]
    assert evaluation["domains"] == alone["evaluation"]["domains"]
    assert [(e["domain"], e["split"]) for e in evaluation["domains"]] == [
        ("synthetic", "test"),
        ("real", "test"),
    ]
    assert alone["evaluation"]["whole"] == alone["evaluation"]["validation"] == []
    classified = found[1]["times"]["classified"]
    assert classified["images"] == sum(e["n"] for e in found[1]["evaluation"]["domains"]) + sum(
        e["n"] for e in found[1]["evaluation"]["validation"]
    )


def test_a_domain_as_a_whole_is_the_sum_of_its_splits(found):
    evaluation = found[1]["evaluation"]
    (whole,), (other,) = evaluation["whole"], evaluation["validation"]
    test = next(entry for entry in evaluation["domains"] if entry["domain"] == "real")
    assert (whole["domain"], whole["splits"]) == ("real", ["validation", "test"])
    assert whole["n"] == test["n"] + other["n"] == 80
    assert whole["correct"] == test["correct"] + other["correct"]
    assert whole["interval"] == list(wilson_interval(whole["correct"], 80))
    assert sum(map(sum, whole["confusion"])) == 80
    low, high = sorted((test["accuracy"], other["accuracy"]))
    assert low <= whole["accuracy"] <= high


def test_hits_are_counted_where_the_data_say_which_class_is_one(found):
    evaluation = found[1]["evaluation"]
    entries = [*evaluation["domains"], *evaluation["whole"]]
    assert [entry["diffraction"] for entry in entries] == [None] * len(entries)
    folder = found[0]
    events, _ = read_events(folder / "ledger.jsonl")
    state = replayed(events, folder / "ledger.jsonl")
    for view in ((0, 1), (1, 0)):
        names = [entries[0]["classes"][place] for place in view]
        hit = view.index(1)
        for entry in results(state, events, (names, view))["evaluation"]["domains"]:
            assert entry["diffraction"]["hits"] == sum(entry["confusion"][hit])
            assert entry["diffraction"]["missed"] == entry["confusion"][hit][1 - hit]


def test_a_closed_search_is_not_opened_again(tmp_path):
    before = drive(tmp_path, "random")
    with Ledger(tmp_path) as ledger:
        ledger.append("closed")
    path = tmp_path / "ledger.jsonl"
    content = path.read_bytes()
    # As a version that knew of test splits alone left it.
    again = drive(tmp_path, "random", splits=SPLITS)
    assert path.read_bytes() == content
    assert again["evaluation"] == before["evaluation"]


def test_what_is_not_evaluated_yet_is_when_the_search_is_taken_up(tmp_path):
    drive(tmp_path, "random")
    drive(tmp_path, "random", splits=SPLITS)
    events, _ = read_events(tmp_path / "ledger.jsonl")
    evaluated = [event for event in events if event["event"] == "evaluated"]
    assert [(event["domain"], event["split"]) for event in evaluated] == list(SPLITS)
