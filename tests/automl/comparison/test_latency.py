"""Comparisons of searches that count latency: its limit, who keeps it, and the incumbents."""

from __future__ import annotations

import math

import pytest

from automl.comparison import compare
from automl.comparison.curves import steps
from automl.comparison.latency_words import lines
from automl.comparison.page import render
from automl.comparison.source import load, load_all
from automl.comparison.text import text

LIMIT = {"name": "accuracy_latency", "latency_limit_ms": 15.38}
RECORD = {"name": "accuracy_latency", "latency_limit_ms": None}
ACCURACY = {"name": "accuracy"}
# The two more accurate of four are too slow; the last is of the confirmation.
TIMES = (3.0, 6.2, 30.0, 40.0, 6.4)
CELL = "6.40 ms, within 15.38 ms"


def compared(runs, *names):
    return compare(load_all(names, runs))


@pytest.fixture
def mixed(tmp_path, write_search):
    write_search(tmp_path, "accurate", objective=ACCURACY)
    write_search(tmp_path, "fast", objective=LIMIT, latencies=TIMES, confirmed=1)
    write_search(tmp_path, "timed", objective=RECORD, latencies=TIMES, algorithm="tpe")
    return compared(tmp_path, "accurate", "fast", "timed")


def test_the_limit_is_among_what_differs(mixed):
    rows = [row for row in mixed["differences"] if row["key"].startswith("objective")]
    names = {"A": "accuracy", "B": "accuracy_latency", "C": "accuracy_latency"}
    assert rows == [
        {"kind": "configuration", "key": "objective.name", "values": names},
        {
            "kind": "configuration",
            "key": "objective.latency_limit_ms",
            "values": {"B": 15.38, "C": None},
        },
    ]
    (line,) = [one for one in text(mixed).splitlines() if "latency_limit_ms" in one]
    assert line.split() == ["objective.latency_limit_ms", "–", "15.38", "ms", "none"]


def test_the_limit_is_said_first_where_much_differs(tmp_path, write_search):
    other = {f"option_{n}": n for n in range(40)}
    write_search(tmp_path, "fast", objective=LIMIT, latencies=TIMES, confirmed=1)
    write_search(tmp_path, "large", more={"trainable": {"name": "deepfreak", "options": other}})
    assert "objective.latency_limit_ms" in text(compared(tmp_path, "large", "fast"))


def test_each_model_has_its_latency_and_whether_it_keeps_the_limit(mixed):
    accurate, fast, timed = mixed["searches"]
    assert "latency" not in accurate
    assert fast["latency"] == {
        "limit_ms": 15.38,
        "within": 2,
        "beyond": 2,
        "incumbent": {"latency_ms": 6.2, "within": True},
        "confirmed": {"latency_ms": 6.4, "seeds_ms": [6.4], "within": True},
    }
    assert timed["latency"]["limit_ms"] is None
    assert timed["latency"]["incumbent"]["latency_ms"] == 40.0
    for said in (text(mixed), render(mixed, {})):
        assert CELL in said
        assert "not measured" in said
        assert "B: 2 of 4 configurations within the limit of 15.38 ms" in said
        assert "C: latency of 4 configurations, without a limit" in said


def test_an_incumbent_that_is_too_slow_is_said_to_be(tmp_path, write_search):
    slow = [time + 20 for time in TIMES]
    write_search(tmp_path, "slow", objective=LIMIT, latencies=slow, confirmed=0, closed=False)
    write_search(tmp_path, "other", algorithm="tpe")
    found = compared(tmp_path, "slow", "other")
    assert found["searches"][0]["latency"]["incumbent"] == {"latency_ms": 23.0, "within": False}
    assert "23.00 ms, beyond 15.38 ms" in text(found)
    assert lines(found) == ["A: 0 of 4 configurations within the limit of 15.38 ms"]


def test_the_curve_follows_the_search_s_own_order(tmp_path, write_search):
    # The first is the most too slow, the second nearer to the limit, then one keeps it.
    times = (40.0, 20.0, 3.0, 30.0, 3.0)
    write_search(tmp_path, "fast", objective=LIMIT, latencies=times, confirmed=2)
    source = load(tmp_path / "fast")
    curve = steps(source)
    accuracies = [entry["validation_accuracy"] for entry in source.results["trajectory"]]
    # The last step is the search's end, with the incumbent that it had.
    assert [one.accuracy for one in curve] == [*accuracies, accuracies[-1]]
    assert [one.trials for one in curve] == [1, 2, 3, 4]
    assert curve[-1].accuracy == source.results["incumbent"]["validation_accuracy"] < 0.9


def test_before_one_is_chosen_the_confirmed_one_that_keeps_the_limit_stands(tmp_path, write_search):
    folder = write_search(
        tmp_path, "fast", objective=LIMIT, latencies=TIMES, confirmed=1, closed=False
    )
    confirm_another(folder, "slow", accuracy=0.99, latency=99.0)
    write_search(tmp_path, "other", algorithm="tpe")
    found = compared(tmp_path, "fast", "other")["searches"][0]
    assert found["confirmed"]["mean"] == 0.9
    assert found["latency"]["confirmed"]["within"]


def test_of_several_seeds_the_median_one_counts(tmp_path, write_search):
    folder = write_search(
        tmp_path, "fast", objective=LIMIT, latencies=TIMES, confirmed=1, closed=False
    )
    (name,) = {trial.configuration_id for trial in load(folder).state.phase("confirmation")}
    confirm_another(folder, name, accuracy=0.9, latency=18.0)
    write_search(tmp_path, "other", algorithm="tpe")
    found = compared(tmp_path, "fast", "other")
    # As the search ranks it: a seed within and one beyond are beyond by half.
    assert found["searches"][0]["latency"]["confirmed"] == {
        "latency_ms": pytest.approx(12.2),
        "seeds_ms": [6.4, 18.0],
        "within": False,
    }
    assert "12.20 ms (6.40–18.00), beyond 15.38 ms" in text(found)


def confirm_another(folder, name, *, accuracy, latency):
    """Append a trial of the confirmation to a ledger."""
    from automl.ledger import Ledger

    with Ledger(folder) as ledger:
        ledger.append(
            "asked",
            number=90,
            phase="confirmation",
            configuration_id=name,
            configuration={"x": 9.0},
            budget=2,
            bracket=None,
            rung=None,
            previous_budget=None,
            origin="confirmation",
            seed=190,
            confirmation_seed=1,
        )
        loss = 1 + math.log(latency / LIMIT["latency_limit_ms"])
        metrics = {"validation_accuracy": accuracy, "latency_ms": latency}
        ledger.append("finished", number=90, loss=loss, metrics=metrics, answered_by=None)


def test_searches_for_accuracy_are_compared_as_before(tmp_path, write_search):
    for name, objective in (("old", None), ("new", ACCURACY)):
        write_search(tmp_path, name, objective=objective)
    found = compared(tmp_path, "old", "new")
    assert found["differences"] == []
    assert not any("latency" in search for search in found["searches"])
    assert "latency" not in text(found)
    assert "latency" not in render(found, {}).lower()
