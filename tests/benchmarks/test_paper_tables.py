import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.paper_tables import best_of, command, validation_table

CONFUSION = [[9, 1, 0, 0, 0], [0, 10, 0, 0, 0], [0, 0, 10, 0, 0], [0, 0, 0, 10, 0], [0, 0, 0, 2, 8]]
CLASSES = ["blank", "no-crystal", "weak", "good", "strong"]


def configuration(accuracy: float | None, extractor: str, classifier: str) -> dict[str, Any]:
    values = {"extractor": extractor, "classifier": classifier}
    return {"configuration": values, "validation_accuracy": accuracy}


def results(name: str = "one", trainable: str = "classical") -> dict[str, Any]:
    return {
        "name": name,
        "trainable": trainable,
        "data": {"counts": {"synthetic": {"validation": {"blank": 60, "weak": 40}}}},
        "configurations": [
            configuration(0.91, "glcm", "rf"),
            configuration(0.93, "lbp", "rf"),
            configuration(None, "sift", "rf"),
            configuration(0.92, "glcm", "svm"),
        ],
        "confirmation": [
            {"chosen": False, "configuration": {"extractor": "glcm", "classifier": "svm"}},
            {"chosen": True, "configuration": {"extractor": "lbp", "classifier": "rf"}},
        ],
        "evaluation": {
            "domains": [
                {
                    "domain": "synthetic",
                    "split": "test",
                    "n": 50,
                    "correct": 47,
                    "accuracy": 0.94,
                    "interval": [0.838, 0.979],
                    "classes": CLASSES,
                    "confusion": CONFUSION,
                }
            ]
        },
    }


def test_the_best_of_each_value_over_all_searches() -> None:
    other = results("two")
    other["configurations"] = [configuration(0.95, "sift", "svm")]
    best = best_of([results(), other], "extractor")
    assert {value: found["validation_accuracy"] for value, found in best.items()} == {
        "glcm": 0.92,
        "lbp": 0.93,
        "sift": 0.95,
    }
    assert best_of([results()], "classifier")["rf"]["configuration"]["extractor"] == "lbp"


def test_a_part_that_no_trial_finished_is_named() -> None:
    lines = validation_table([results()], "extractor")
    assert lines[-1] == "  sift   no trial finished; paper 56.4 % with RF"
    assert lines[3].startswith("  lbp    93.0 % (86.3 % to 96.6 %) with rf; paper 96.7 % with SVM")


def test_tables_of_a_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "results.json").write_text(json.dumps(results()))
    assert command(["one", f"runs={tmp_path}"]) == 0
    text = capsys.readouterr().out
    assert "lbp + rf: 94.0 % (83.8 % to 97.9 %), 47 of 50 [one]" in text
    assert "Table 13, paper, GLCM + RF" in text
    assert "Table 12, paper" not in text


def test_what_cannot_be_tabled_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(["none", f"runs={tmp_path}"]) == 2
    (tmp_path / "cnn").mkdir()
    (tmp_path / "cnn" / "results.json").write_text(json.dumps(results("cnn", "deepfreak")))
    assert command(["cnn", f"runs={tmp_path}"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "name a finished search" in first
    assert second == "cnn searched deepfreak, not classical"


def test_searches_of_other_classes_or_domains_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, other in (("two", {"labels": "binary"}), ("real", {"select": "real_raw"})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").write_text(json.dumps(results(name) | other))
        assert command([name, f"runs={tmp_path}"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "labels=binary" in first
    assert "selected on real_raw" in second
