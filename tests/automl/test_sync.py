"""What `python -m automl.sync` refuses, in one line each."""

from __future__ import annotations

import json

import pytest

from automl.ledger import Ledger
from automl.sync import Options, Synced, main, parse_options
from automl.tracking.written import Written


@pytest.fixture
def runs(tmp_path):
    for name, tracking in (("tracked", {"uri": "sqlite:///"}), ("untracked", {"uri": None})):
        folder = tmp_path / name
        folder.mkdir()
        config = {"tracking": {**tracking, "experiment": "e", "artifacts": None}}
        with Ledger(folder) as ledger:
            ledger.append("plan", config=config)
    folder = tmp_path / "empty"
    folder.mkdir()
    Ledger(folder).close()
    return tmp_path


def refusal(capsys, *words):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("automl: ")
    assert err.count("\n") == 1
    return err


def test_names_and_options(runs):
    options = parse_options(["tracked", f"runs={runs}", "uri=sqlite:///x.db"])
    assert (options.names, options.runs, options.uri) == (("tracked",), runs, "sqlite:///x.db")
    assert parse_options(["all", f"runs={runs}"]).names == ("empty", "tracked", "untracked")


def test_what_cannot_be_synced(runs, tmp_path, capsys):
    where = f"runs={runs}"
    assert "no search is named; known in" in refusal(capsys, where)
    assert "did you mean 'tracked'?" in refusal(capsys, where, "trakced")
    assert "tracking=none; say where with uri=" in refusal(capsys, where, "untracked")
    assert "names no file" in refusal(capsys, where, "tracked")
    assert "the search never began" in refusal(capsys, where, "empty")
    with Ledger(runs / "tracked"):
        uri = f"uri=sqlite:///{tmp_path}/new.db"
        assert "is running the search" in refusal(capsys, where, uri, "tracked")
    assert not (tmp_path / "new.db").exists()


def test_a_model_that_needs_its_images_is_left_to_the_search(tmp_path, monkeypatch):
    from automl import sync

    found = []
    monkeypatch.setattr(sync, "find_search", lambda name, runs: (name, runs))
    monkeypatch.setattr(sync, "restored_model", lambda _: None)
    assert sync._model(tmp_path / "cut", found.append) is None
    (note,) = found
    assert "the search's own command" in note


def test_comparisons_of_searches_that_were_brought_back_are_named(runs, monkeypatch, capsys):
    from automl import sync

    for number, names in enumerate((["tracked", "other"], ["other"], ["untracked"])):
        folder = runs / "comparisons" / f"c{number}"
        folder.mkdir(parents=True)
        searches = {"searches": [{"name": name} for name in names]}
        (folder / "compare.json").write_text(json.dumps(searches))
    (folder.parent / "torn").mkdir()
    (folder.parent / "torn" / "compare.json").write_text('{"searches": [')
    made = {"tracked": 3, "untracked": 0}
    monkeypatch.setattr(
        sync, "sync", lambda folder, _: Synced(Written(runs=made[folder.name]), [], [])
    )
    assert main(["tracked", "untracked", f"runs={runs}", "uri=http://me:secret@host"]) == 0
    out, _ = capsys.readouterr()
    (line,) = (line for line in out.splitlines() if line.startswith("comparison "))
    assert line.startswith("comparison c0: ")
    told = f"-m automl.compare tracked other --runs {runs} --tracking "
    assert told in line
    assert "secret" not in line
    monkeypatch.chdir(runs.parent)
    options = Options(("tracked",), runs.parent / "runs", None)
    (runs.parent / "runs").symlink_to(runs)
    (line,) = sync.stale_comparisons(options, {"tracked"})
    assert line.endswith(" -m automl.compare tracked other brings it to MLflow")


def test_help(capsys):
    assert main(["--help"]) == 0
    assert "automl.sync NAME" in capsys.readouterr().out
