"""What the store's own command shows and removes."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from trainables.features import blocks
from trainables.features.housekeeping import main
from trainables.features.store import FeatureStore

DAY = 86400


@pytest.fixture
def root(tmp_path):
    store = FeatureStore(tmp_path / "features")
    for name in ("a", "b"):
        store.keep("d" * 20, blocks.GLCM, name, np.zeros(125_000))
    store.keep("d" * 20, blocks.LBP, "c", np.zeros(3))
    store.keep("d" * 20, "lbp-0-ancient", "c", np.zeros(3))
    store.chunk("d" * 20, "left", "images=0", lambda: {"x": np.zeros(3)})
    store.chunk("d" * 20, "running", "images=0", lambda: {"x": np.zeros(3)})
    age(store.root / ("d" * 20) / "chunks-left", 3)
    age(store.root / ("d" * 20) / blocks.LBP, 40)
    return store.root


def age(folder, days):
    for path in folder.iterdir():
        os.utime(path, (time.time() - days * DAY,) * 2)


def tables(root):
    return {path.name for path in root.glob("*/*")}


def test_ls(root, capsys):
    assert main(["ls", f"store={root}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    (glcm,) = [line for line in lines if blocks.GLCM in line]
    assert glcm.split()[:5] == ["d" * 12, blocks.GLCM, "2", "blocks", "2.0"]
    assert [line.split()[1] for line in lines if line.endswith("another version")] == [
        "lbp-0-ancient"
    ]
    assert sum(line.endswith("unfinished") for line in lines) == 2
    assert lines[-1] == "5 tables, 2.0 MB"


def test_prune_removes_what_nobody_can_use(root, capsys):
    before = tables(root)
    assert main(["prune", f"store={root}", "dry=true"]) == 0
    assert "would be removed" in capsys.readouterr().out
    assert tables(root) == before
    assert main(["prune", f"store={root}"]) == 0
    assert tables(root) == {blocks.GLCM, blocks.LBP, "chunks-running"}


def test_prune_removes_what_is_unused(root):
    assert main(["prune", f"store={root}", "unused=30"]) == 0
    assert tables(root) == {blocks.GLCM, "chunks-running"}


def test_a_use_counts(root):
    FeatureStore(root).blocks("d" * 20, blocks.LBP, {"c": None}, lambda _: pytest.fail("absent"))
    assert main(["prune", f"store={root}", "unused=30"]) == 0
    assert blocks.LBP in tables(root)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["list"], "list: no such command; use ls or prune"),
        (["ls", "unused=3"], "unused: no such option of ls; use store"),
        (["prune", "days=3"], "days: no such option of prune; use store, unused, dry"),
        (["ls", "store=nowhere"], "store=nowhere: no such folder"),
        (["prune", "store=.", "unused=-1"], "unused=-1: must be a number of days, 0 or more"),
        (["prune", "store=.", "unused=x"], "unused=x: must be a number of days, 0 or more"),
    ],
)
def test_bad_words_are_one_line(words, said, capsys):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.err == f"store: {said}\n"
    assert captured.out == ""


def test_help(capsys):
    assert main(["--help"]) == 0
    assert "prune" in capsys.readouterr().out
