"""What a search records of each test image, and what a comparison reads of it."""

from __future__ import annotations

import json

import pytest
from bench import drive

from automl.comparison.curves import steps
from automl.comparison.source import load
from automl.ledger import read_events
from automl.predictions import from_digits
from automl.scoring import confusion_matrix


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "real"
    return folder, drive(folder, "bohb")


def test_the_digits_are_those_of_the_confusion_matrix(searched):
    folder, found = searched
    evaluated = [e for e in read_events(folder / "ledger.jsonl")[0] if e["event"] == "evaluated"]
    assert [event["domain"] for event in evaluated] == ["synthetic", "real"]
    for event in evaluated:
        labels, predicted = from_digits(event["labels"]), from_digits(event["predicted"])
        assert confusion_matrix(labels, predicted, 2) == event["confusion"]
        assert event["digest"] == f"{event['domain']}-test"
    assert "predicted" not in json.dumps(found)


def test_a_search_reads_as_its_results_say(searched):
    folder, found = searched
    source = load(folder)
    assert source.results == found
    for domain, entry in source.domains.items():
        assert source.right(domain).sum() == entry["correct"]


def test_the_curve_ends_with_the_search(searched):
    folder, found = searched
    curve = steps(load(folder))
    assert curve[-1].accuracy == found["incumbent"]["validation_accuracy"]
    assert curve[-1].budget == found["trials"]["budget_spent"]
    counts = found["trials"]
    assert curve[-1].trials == counts["finished"] + sum(counts["failed"].values())
    assert curve[-1].seconds <= found["times"]["total_seconds"] + 0.1
    assert [one.trials for one in curve] == sorted(one.trials for one in curve)
