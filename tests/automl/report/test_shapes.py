"""A report for every way a search can end, and for results that are not what they should be."""

import math

import pytest

from automl.report import build_report


@pytest.fixture
def without(results_of):
    def made(*keys):
        results = results_of(configurations=3)
        for key in keys:
            del results[key]
        return results

    return made


@pytest.fixture
def all_failed(without):
    results = without("confirmation", "evaluation", "incumbent")
    results["trajectory"] = []
    for one in results["configurations"]:
        one |= {"validation_accuracy": None, "status": "diverged", "curve": []}
    return results


def test_a_classical_search_has_no_curves(results_of, seen, classical_configuration):
    results = results_of((1,), classical_configuration, configurations=12)
    results |= {"trainable": "classical", "algorithm": "tpe", "budget_unit": "fits"}
    page, written = seen(results)
    assert "confirmation" not in written
    assert "model" not in written
    assert "parameters" in written
    assert "about 36 hours on two Xeon E5" in page.words
    assert "fits spent" in page.words


def test_nothing_at_all(seen):
    page, written = seen({})
    assert written == set()
    assert "No configuration finished" in page.words
    assert "The test images were not opened." in page.words


def test_every_trial_failed(seen, all_failed):
    page, written = seen(all_failed)
    assert written == set()
    assert "No configuration finished: there is no model to report." in page.words
    assert "diverged 3" in page.words


def test_a_search_without_confirmation_says_what_its_best_is_worth(seen, without):
    page, written = seen(without("confirmation", "evaluation"))
    assert "reached 93.1 % on the validation images after 9 epochs, in one run" in page.words
    assert "the luckiest of one run each" in page.words
    assert "incumbent" in written


def test_a_confirmation_that_was_not_evaluated(seen, without):
    page, _ = seen(without("evaluation"))
    assert "mean over 3 seeds with an 80 % interval. The test images stayed closed." in page.words


def test_one_seed_and_a_failed_one(results_of, seen):
    results = results_of(configurations=3)
    for one in results["confirmation"]:
        one["seeds"], one["interval"] = one["seeds"][:1], None
    results["confirmation"][1]["seeds"][0] |= {
        "validation_accuracy": None, "interval": None, "status": "diverged", "curve": [],
    }  # fmt: skip
    page, written = seen(results)
    assert "One seed shows no spread" in page.words
    assert "diverged" in page.words[page.words.index("Confirmation over seeds") :]
    assert "confirmation" in written


def test_no_real_images(results_of, seen):
    results = results_of(configurations=3)
    results["evaluation"]["domains"] = results["evaluation"]["domains"][:1]
    page, written = seen(results)
    assert "real raw, test" not in page.words
    assert "confusion_synthetic" in written


def test_a_problem_that_is_not_the_papers_is_not_put_beside_it(results_of, seen, domain):
    results = results_of(configurations=3)
    results["evaluation"]["domains"] = [
        domain("petals", ["a", "b"], [[3, 1], [0, 4]], [[3, 1], [0, 4]])
    ]
    results["evaluation"]["domains"][0].pop("diffraction")
    page, written = seen(results)
    assert "Beside the paper" not in page.words
    assert "confusion_petals" in written


@pytest.mark.parametrize("bad", [None, math.nan, "?", [], {}])
def test_no_odd_value_stops_the_report(bad, tmp_path, results_of, built, seen):
    results = results_of(configurations=3)
    results["incumbent"] = bad
    results["trials"] = {"failed": bad, "finished": bad, "budget_spent": bad}
    results["trajectory"].append({"number": bad, "spent": bad, "validation_accuracy": bad})
    results["configurations"][0] |= {"budget": bad, "curve": bad, "configuration": bad}
    results["configurations"][1] |= {"validation_accuracy": bad, "curve": [bad, [1, bad]]}
    results["brackets"][0]["rungs"] = bad
    results["confirmation"][0] |= {"mean": bad, "interval": bad, "seeds": bad}
    results["confirmation"][1]["seeds"][0] |= {"curve": [[1, bad, bad, bad, bad]], "n": bad}
    results["evaluation"]["domains"][0] |= {"confusion": bad, "accuracy": bad, "n": bad}
    results["evaluation"]["domains"][1] |= {"classes": bad, "diffraction": bad}
    results["data"] = bad
    results["times"] = {"classified": {"images": bad, "seconds": bad}, "total_seconds": bad}
    page, _ = built(results, tmp_path) if bad is None else seen(results)
    assert "nan" not in page.words.lower().split()


def test_text_from_elsewhere_is_shown_not_run(tmp_path, results_of, built):
    results = results_of(configurations=3)
    attack = "</svg><script>alert(1)</script>&'\""
    results["name"] = results["data"]["note"] = results["budget_unit"] = attack
    results["configurations"][0]["configuration"] = {attack: 1, "momentum": 0.5}
    results["configurations"][0]["origin"] = attack
    results["evaluation"]["domains"][0]["domain"] = "../" + attack
    page, written = built(results, tmp_path)
    assert len(written) == 9
    assert "script" not in page.tags
    assert attack in page.words
    assert all(p.is_relative_to(tmp_path / "run") and p.exists() for p in written.values())


def test_what_cannot_be_a_report_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is a folder; name the page"):
        build_report({}, tmp_path, tmp_path / "figures")
    with pytest.raises(ValueError, match="must be a mapping, not list"):
        build_report([], tmp_path / "report.html", tmp_path / "figures")


def test_an_older_report_stays_whole_until_the_new_one_is(tmp_path, monkeypatch):
    page = tmp_path / "report.html"
    page.write_text("old")
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        build_report({}, page, tmp_path / "figures")
    monkeypatch.undo()
    assert page.read_text() == "old"
    assert list(tmp_path.iterdir()) == [page]
