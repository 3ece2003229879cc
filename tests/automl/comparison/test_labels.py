"""Searches of five classes beside searches of two."""

from __future__ import annotations

import pytest

from automl.comparison import compare
from automl.comparison.source import load_all
from automl.comparison.text import text


@pytest.fixture
def found(tmp_path, write_search):
    for seed in range(5):
        write_search(tmp_path, f"five{seed}", seed=seed)
        write_search(tmp_path, f"two{seed}", seed=seed, labels="binary", wrong_real=(1,))
    names = [f"{labels}{seed}" for seed in range(5) for labels in ("five", "two")]
    return compare(load_all(names, tmp_path))


def test_the_images_are_the_same_and_the_difference_is_said(found):
    assert found["images"]["same"]
    row = next(row for row in found["differences"] if row["key"] == "labels")
    assert (row["values"]["A·0"], row["values"]["B·0"]) == ("full", "binary")


def test_accuracies_of_other_classes_are_not_tested(found):
    reasons = {(row["domain"], row["reason"]) for row in found["pairs"]}
    assert reasons == {("synthetic", "not the same classes"), ("real_raw", None)}
    assert {row["domain"] for row in found["ranks"]} == {"real_raw"}
    assert "they tell other classes apart" in text(found)
    assert "validation accuracies of one are not those of another" in text(found)


def test_a_ledger_without_labels_is_one_of_full_labels(tmp_path, write_search):
    for name in ("old", "new"):
        write_search(tmp_path, name, algorithm={"old": "tpe", "new": "random"}[name])
    ledger = tmp_path / "old" / "ledger.jsonl"
    ledger.write_text(ledger.read_text().replace('"labels":"full",', ""))
    assert '"labels":"full"' not in ledger.read_text()
    found = compare(load_all(["old", "new"], tmp_path))
    assert "labels" not in {row["key"] for row in found["differences"]}
    assert {row["reason"] for row in found["pairs"]} == {None}
