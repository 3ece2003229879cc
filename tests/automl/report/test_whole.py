"""All images of a domain beside the paper's, and searches of two classes."""

import pytest

from automl.report.comparison import comparison
from automl.report.evaluation import evaluation
from automl.statistics import wilson_interval

REAL = ["no-diffraction", "diffraction"]


@pytest.fixture
def results(results_of):
    found = results_of()
    found["evaluation"]["whole"] = [
        {
            "domain": "real_raw",
            "splits": ["validation", "test"],
            "n": 457,
            "correct": 320,
            "accuracy": 320 / 457,
            "interval": list(wilson_interval(320, 457)),
            "classes": REAL,
            "confusion": [[200, 37], [100, 120]],
            "diffraction": {"n": 457, "correct": 320, "hits": 263, "missed": 100, "false": 37},
        }
    ]
    return found


def test_all_real_images_stand_beside_the_left_side_of_table_7(results):
    raw = next(d for d in comparison(results).domains if d.domain == "real raw")
    ours = [row for row in raw.rows if row.ours]
    assert [row.counts for row in ours] == ["78 of 91", "320 of 457"]
    assert ours[1].method.endswith(", all 457 images")
    assert ours[1].accuracy == "70.0 % (65.7–74.0)"
    assert (ours[1].missed, ours[1].false) == ("100 of 263", "37 of 194")
    assert {row.source for row in raw.rows[2:]} == {"Table 7, left"}
    other = next(d for d in comparison(results).domains if d.domain == "real preprocessed")
    assert sum(row.ours for row in other.rows) == 1


def test_the_test_images_keep_their_place(results, results_of):
    before, after = evaluation(results_of()).domains, evaluation(results).domains
    assert [one.accuracy for one in after] == [one.accuracy for one in before]
    assert [one.whole for one in before] == ["", "", ""]
    assert [bool(one.whole) for one in after] == [False, True, False]


def test_the_page_says_it(results, built, tmp_path):
    page, _ = built(results, tmp_path)
    assert "none of them used to select: 70.0 % (65.7–74.0); 320 of 457 images right" in page.words


def test_two_classes_stand_beside_none_of_five(results, built, tmp_path):
    results["labels"] = "binary"
    synthetic = results["evaluation"]["domains"][0]
    synthetic |= {"classes": REAL, "confusion": [[40, 0], [1, 59]], "n": 100, "correct": 99}
    found = comparison(results)
    assert [one.domain for one in found.domains] == ["real raw", "real preprocessed"]
    assert found.search is None
    page, _ = built(results, tmp_path)
    assert "two classes" in page.words
    assert "98.51 %" not in page.words
