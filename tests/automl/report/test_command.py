"""``python -m automl.report``: the page again, from the ledger alone."""

from __future__ import annotations

import json

import pytest

from automl.ledger import Ledger
from automl.report.__main__ import main, parse_options


def trial(ledger, number, accuracy, phase="search"):
    configuration = {"extractor": ("glcm", "lbp")[number % 2], "classifier": "rf", "x": number}
    ledger.append(
        "asked",
        number=number,
        phase=phase,
        configuration_id=f"id{number}",
        configuration=configuration,
        budget=1,
        bracket=0,
        rung=0,
        previous_budget=None,
        origin="random",
        seed=number,
        confirmation_seed=None,
    )
    metrics = {"validation_accuracy": accuracy}
    ledger.append("reported", number=number, epoch=1, metrics=metrics)
    ledger.append("finished", number=number, loss=1 - accuracy, metrics=metrics, answered_by=None)


@pytest.fixture
def runs(tmp_path):
    home = tmp_path / "runs"
    named = ("search", "scale", "trainable", "space", "algorithm")
    config = {key: {"name": key} for key in named}
    config |= {"data": {"name": "gone:Gone", "options": {}}, "paths": {"cache": "data"}}
    for name in ("first", "second"):
        folder = home / name
        folder.mkdir(parents=True)
        with Ledger(folder) as ledger:
            ledger.append(
                "plan",
                search_id="f" * 32,
                name=name,
                seed=0,
                config=config,
                plan={"brackets": [], "trials": 30, "budget": 30},
                provenance={},
                workers=2,
                order="asked",
                select="synthetic",
                budget_unit="fits",
                data={"digest": "d" * 64, "counts": {"synthetic": {"validation": {"a": 9}}}},
            )
            for number in range(25):
                trial(ledger, number, number / 30)
    empty = home / "empty"
    empty.mkdir()
    Ledger(empty).close()
    return home


def refusal(capsys, *words):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("automl: ")
    assert err.count("\n") == 1
    return err


def test_the_page_is_made_from_the_ledger(runs, capsys):
    before = (runs / "first" / "ledger.jsonl").read_bytes()
    assert main(["first", f"runs={runs}"]) == 0
    page = runs / "first" / "report.html"
    assert capsys.readouterr().out == f"first: {page}\n"
    text = page.read_text()
    assert "25 finished trials; out-of-bag" in text
    assert "The best of each extractor and classifier" in text
    assert (runs / "first" / "figures" / "parallel.png").exists()
    assert (runs / "first" / "ledger.jsonl").read_bytes() == before
    assert not (runs / "second" / "report.html").exists()
    assert main(["first", f"runs={runs}"]) == 0
    assert page.read_text() == text


def test_into_another_folder(runs, tmp_path):
    assert main(["second", f"runs={runs}", f"out={tmp_path / 'there'}"]) == 0
    assert (tmp_path / "there" / "report.html").exists()
    assert not (runs / "second" / "report.html").exists()


def test_options(runs, tmp_path):
    options = parse_options(["all", f"runs={runs}", f"cache={tmp_path}"])
    assert options.names == ("empty", "first", "second")
    assert (options.runs, options.out, options.cache) == (runs, None, tmp_path)


def test_what_is_refused(runs, tmp_path, capsys):
    where = f"runs={runs}"
    assert "no search is named; known in" in refusal(capsys, where)
    assert "there are none in" in refusal(capsys, f"runs={tmp_path / 'nowhere'}")
    assert "did you mean 'second'?" in refusal(capsys, where, "secnod")
    assert "no search of that name" in refusal(capsys, where, "--tracking")
    assert "out: has no value" in refusal(capsys, where, "first", "out=")
    assert "one search; name one" in refusal(capsys, where, "first", "second", f"out={tmp_path}")
    assert "the search never began" in refusal(capsys, where, "empty")
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refusal(capsys, where, "first", f"out={tmp_path / 'file'}")
    other = runs / "other"
    other.mkdir()
    plan = {"event": "plan", "time": 0, "name": "other"}
    (other / "ledger.jsonl").write_text(json.dumps(plan) + "\n")
    assert "cannot be read by this version" in refusal(capsys, where, "other")


def test_help(capsys):
    assert main(["--help"]) == 0
    assert "automl.report NAME" in capsys.readouterr().out
