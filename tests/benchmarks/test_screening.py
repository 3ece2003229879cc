"""What the screening benchmark adds up, prints and refuses; its times are nobody's claim here."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import screening
from benchmarks.screening import BATCH, Line, Pace, pace, summary, table
from benchmarks.words import read


def test_each_image_is_timed_alone_and_all_go_through_in_batches():
    seen, waits = [], []
    images = np.zeros((70, 4, 4), np.uint8)
    found = pace(lambda some: seen.append(len(some)), images, lambda: waits.append(len(seen)))
    assert len(found.alone) == 70
    assert seen == [1, BATCH, *[1] * 70, BATCH, BATCH, 6]
    assert waits == [2, 72]
    assert found.end >= found.begin


def test_processes_side_by_side_add_up():
    paces = [Pace([0.01] * 100, 10.0, 12.0), Pace([0.02] * 100, 10.5, 14.0)]
    line = summary("2 cores", paces)
    assert line.single == pytest.approx(100 + 50)
    assert line.p50 == pytest.approx(15)
    assert line.p99 == pytest.approx(20)
    assert line.batched == pytest.approx(200 / 4)


def test_the_table_sets_them_against_the_rate():
    lines = table([Line("1 core", 100.0, 10.0, 12.0, 260.0)], 130)
    assert lines[-1].split() == ["1", "core", "100.0", "10.00", "12.00", "260.0", "2.00", "×"]


def test_words():
    words = ["search=x,y", "images=9", "cores=1,2", "rate=120", "trust_pickle=true"]
    assert read(words, screening.command.readers) == {
        "search": ("x", "y"),
        "images": 9,
        "cores": (1, 2),
        "rate": 120,
        "trust_pickle": True,
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["models=x"], "expected KEY=VALUE"),
        (["search=x", "cores=1,a"], "at least 1"),
        (["images=3"], "name a finished search"),
    ],
)
def test_words_that_are_refused(words, said, capsys):
    assert screening.command(words) == 2
    assert said in capsys.readouterr().err


def test_an_unknown_search_and_too_many_cores_are_one_line(tmp_path, capsys, monkeypatch):
    assert screening.command(["search=x", f"runs={tmp_path}"]) == 2
    assert capsys.readouterr().err.startswith("x: no search of that name")
    monkeypatch.setattr(screening, "find_search", lambda *_: None)
    assert screening.command(["search=x", "cores=4096"]) == 2
    assert "this machine has" in capsys.readouterr().err


def test_each_step_of_a_model_is_timed_on_what_the_step_before_it_gives():
    given = []

    class Step:
        def __init__(self, name):
            self.name = name

        def transform(self, X):
            given.append((self.name, X.shape))
            return X.reshape(1, -1)

        def predict_proba(self, X):
            given.append((self.name, X.shape))

    class Piped:
        class native:  # noqa: N801
            steps = [("extractor", Step("extractor")), ("classifier", Step("classifier"))]

    found = screening.stages_ms(Piped, np.zeros((3, 2, 2), np.uint8))
    assert list(found) == ["extractor", "classifier"]
    assert {shape for name, shape in given if name == "extractor"} == {(1, 2, 2)}
    assert {shape for name, shape in given if name == "classifier"} == {(1, 4)}
