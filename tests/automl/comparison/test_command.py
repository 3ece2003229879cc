"""``python -m automl.compare``: what it writes, and what it refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from automl.compare import main


@pytest.fixture
def runs(tmp_path, write_search):
    runs = tmp_path / "runs"
    write_search(runs, "first_search")
    write_search(runs, "second_search", algorithm="tpe", wrong=(7, 8), group="night")
    return runs


def refusal(capsys, *words):
    assert main(list(words)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("automl: ")
    assert err.count("\n") == 1
    return err


def test_it_writes_a_page_and_its_data_and_leaves_the_searches_alone(runs, tmp_path, capsys):
    before = {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()}
    out = tmp_path / "out"
    assert main(["first_search", "second_search", "--runs", str(runs), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("the same images: data digest dddddddddddd\n")
    assert "McNemar" in printed
    assert {p.name for p in out.iterdir()} == {"compare.json", "compare.html", "figures"}
    assert len(json.loads((out / "compare.json").read_text())["searches"]) == 2
    assert {path: path.read_bytes() for path in before} == before


def test_by_default_it_writes_under_the_runs(runs, capsys):
    assert main(["first_search", "second_search", "--runs", str(runs)]) == 0
    page = re.search(r"Page: (\S+)", capsys.readouterr().out)[1]
    assert page.startswith(f"{runs}/comparisons/")
    # What lies there is no search.
    assert "did you mean" in refusal(capsys, "first_seerch", "second_search", "--runs", str(runs))


def test_strict_tells_other_images_by_its_status(runs, write_search, capsys):
    write_search(runs, "elsewhere", data="e" * 64)
    words = ["first_search", "elsewhere", "--runs", str(runs)]
    assert main(words) == 0
    assert main([*words, "--strict"]) == 1
    assert capsys.readouterr().out.startswith("not the same images: data digest dddddddddddd (A)")
    assert main(["first_search", "second_search", "--runs", str(runs), "--strict"]) == 0


def test_what_it_refuses(runs, tmp_path, capsys):
    where = ("--runs", str(runs))
    assert "did you mean 'first_search'?" in refusal(capsys, "first_serch", *where)
    assert "needs two searches or more, not 1" in refusal(capsys, "first_search", *where)
    assert "needs two searches or more, not 0" in refusal(capsys, *where)
    assert "there are none in" in refusal(capsys, "--runs", str(tmp_path / "nowhere"))
    twice = ("first_search", "first_search")
    assert "not 1" in refusal(capsys, *twice, *where)
    assert "--bogus: no such option" in refusal(capsys, "--bogus", *where)
    assert "expected one argument" in refusal(capsys, "a", "b", "--out")
    both = ("first_search", "second_search")
    assert "four where the path is absolute" in refusal(
        capsys, *both, *where, "--tracking", "sqlite:/x"
    )
    (runs / "empty").mkdir()
    (runs / "empty" / "ledger.jsonl").touch()
    assert "the search never began" in refusal(capsys, "first_search", "empty", *where)


def test_a_group_without_a_store_is_read_from_the_ledgers(runs, write_search, capsys):
    where = ("--runs", str(runs), "--tracking", "none")
    assert "not 1" in refusal(capsys, "--group", "night", *where)
    write_search(runs, "third_search", algorithm="bohb", group="night")
    assert main(["--group", "night", *where]) == 0
    printed = capsys.readouterr().out
    assert "second_search" in printed
    assert "first_search" not in printed
    assert "no search with this tag" in refusal(capsys, "--group", "day", *where)
    gone = ("--runs", str(runs), "--tracking", f"sqlite:///{runs}/none.db")
    assert "there is no store" in refusal(capsys, "--group", "night", *gone)


def test_help(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "--group TAG" in capsys.readouterr().out


def test_a_reader_that_has_enough_stops_nothing(runs, tmp_path):
    out = tmp_path / "out"
    words = ["first_search", "second_search", "--runs", str(runs), "--out", str(out)]
    with subprocess.Popen(
        [sys.executable, "-m", "automl.compare", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.close()
        assert process.wait(timeout=300) == 0
        assert process.stderr.read() == ""
    assert (out / "compare.html").exists()
