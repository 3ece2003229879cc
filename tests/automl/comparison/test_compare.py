"""What two or more searches' ledgers say when they are compared."""

from __future__ import annotations

import re

import pytest

from automl import paper
from automl.comparison import compare, tables, words
from automl.comparison.source import load, load_all
from automl.comparison.text import text


def compared(runs, *names):
    return compare(load_all(names, runs))


def kinds(found):
    return {(row["kind"], row["key"]) for row in found["differences"]}


def test_two_models_on_the_same_images(tmp_path, write_search):
    write_search(tmp_path, "one", wrong=(0, 1, 2))
    write_search(tmp_path, "two", algorithm="tpe", wrong=(2, 30, 31, 32, 33, 34, 35))
    found = compared(tmp_path, "one", "two")
    assert found["images"] == {
        "same": True,
        "line": "the same images: data digest dddddddddddd",
        "unrecorded": [],
    }
    assert kinds(found) >= {("configuration", "algorithm.name")}
    assert not any(key == "name" for _, key in kinds(found))
    assert "different validation images" not in text(found)
    row = found["pairs"][0]
    assert (row["pair"], row["only_b"], row["only_a"]) == ("B − A", 2, 6)
    assert row["difference"] == pytest.approx(-4 / 60)
    # Sign and order agree wherever they stand: the second search first.
    assert list(row).index("b") < list(row).index("a")
    assert re.search(r"B − A +−6\.67 \(.*\) +B 2, A 6 ", text(found))
    assert ("B\u00a0−\u00a0A", "B 2, A 6") in {(row[1], row[3]) for row in tables.pairs(found).rows}
    assert row["p"] == pytest.approx(2 * (1 + 8 + 28) / 256)
    assert row["p_holm"] == row["p"]
    low, high = row["interval"]
    assert low < row["difference"] < high


def test_of_two_models_a_sentence_says_which_is_better(tmp_path, write_search):
    write_search(tmp_path, "one", wrong=range(10))
    write_search(tmp_path, "two", algorithm="tpe", wrong=(0,))
    found = compared(tmp_path, "one", "two")
    first, *_ = words.verdicts(found)
    assert first == (
        "synthetic test images: B is right more often than A by 15.00 points; beyond chance "
        "(McNemar test, Holm: p = 0.004)."
    )
    turned, *_ = words.verdicts(compared(tmp_path, "two", "one"))
    assert "A is right more often than B by 15.00 points; beyond chance" in turned
    write_search(tmp_path, "three", seed=7, wrong=(0, 1))
    near = words.verdicts(compared(tmp_path, "two", "three"))[0]
    assert "A is right more often than B by 1.67 points; chance alone may do that" in near
    assert words.verdicts(compared(tmp_path, "one", "two", "three")) == []


def test_equal_ledgers_give_an_equal_comparison(tmp_path, write_search):
    write_search(tmp_path, "one")
    write_search(tmp_path, "two", algorithm="tpe")
    assert compared(tmp_path, "one", "two") == compared(tmp_path, "one", "two")
    turned = compared(tmp_path, "two", "one")
    assert turned["id"] == compared(tmp_path, "one", "two")["id"]


@pytest.mark.parametrize("change", [{"data": "e" * 64}, {"split": "t" * 64}])
def test_other_images_are_said_first_and_nothing_is_tested(tmp_path, write_search, change):
    write_search(tmp_path, "one")
    write_search(tmp_path, "two", algorithm="tpe", **change)
    found = compared(tmp_path, "one", "two")
    assert not found["images"]["same"]
    assert text(found).splitlines()[0].startswith("not the same images: ")
    assert {row["reason"] for row in found["pairs"]} == {"not the same images"}
    assert all("p" not in row for row in found["pairs"])
    assert "57 of 60" not in text(found)
    assert "95.0 %" in text(found)


def test_an_older_ledger_has_no_paired_test_and_says_so(tmp_path, write_search):
    write_search(tmp_path, "old", recorded=False)
    write_search(tmp_path, "new", algorithm="tpe")
    found = compared(tmp_path, "old", "new")
    assert found["images"]["same"]
    assert found["images"]["unrecorded"] == ["A"]
    assert {row["reason"] for row in found["pairs"]} == {"not recorded"}
    assert "not recorded" in text(found)
    # A digest that was not recorded is no difference.
    assert not any(kind == "data" for kind, _ in kinds(found))


def test_seeds_of_one_search_are_pooled(tmp_path, write_search):
    for seed in range(5):
        write_search(tmp_path, f"a{seed}", seed=seed, wrong=range(seed), best=0.8 + 0.01 * seed)
        write_search(tmp_path, f"b{seed}", seed=seed, algorithm="tpe", wrong=range(10 + seed))
    names = [f"{letter}{seed}" for seed in range(5) for letter in "ab"]
    found = compared(tmp_path, *names)
    assert [group["seeds"] for group in found["groups"]] == [[0, 1, 2, 3, 4]] * 2
    assert found["searches"][1]["key"] == "A·1"
    assert not any(key == "seed" for _, key in kinds(found))
    curve = found["groups"][0]["curves"]["trials"]
    assert (curve["median"][-1], curve["low"][-1], curve["high"][-1]) == pytest.approx(
        (0.82, 0.80, 0.84)
    )
    # Pairs are across the two, of equal seeds, none within.
    pairs = {(row["a"], row["b"]) for row in found["pairs"]}
    assert pairs == {(f"A·{seed}", f"B·{seed}") for seed in range(5)}
    row = next(row for row in found["ranks"] if row["domain"] == "synthetic")
    assert row["superiority"] == 0.0
    assert row["mean_rank"] == {"B": 3.0, "A": 8.0}
    assert re.search(r"B over A +B 3\.0, A 8\.0 +0\.00 ", text(found))
    assert row["p"] == pytest.approx(2 / 252)
    assert "seeds of one search" in text(found)
    # The means stand alone: these are tested.
    assert [line[:6] for line in words.over_seeds(found)] == ["A, mea", "B, mea"]


def test_four_seeds_are_too_few_to_rank(tmp_path, write_search):
    for seed in range(4):
        write_search(tmp_path, f"a{seed}", seed=seed)
        write_search(tmp_path, f"b{seed}", seed=seed, algorithm="tpe")
    found = compared(tmp_path, *(f"{letter}{seed}" for seed in range(4) for letter in "ab"))
    assert found["ranks"] == []
    said = text(found)
    assert "A, mean test accuracy over 4 seeds: synthetic 95.0 %, real raw 90.0 %." in said
    assert "is tested where both have 5 seeds or more (A, B have fewer)." in said
    assert [f"  {line}" in said.splitlines() for line in words.over_seeds(found)] == [True] * 3


def test_one_seed_has_a_curve_without_a_band(tmp_path, write_search):
    write_search(tmp_path, "one")
    write_search(tmp_path, "two", seed=1)
    write_search(tmp_path, "three", algorithm="tpe")
    found = compared(tmp_path, "one", "two", "three")
    bands = [group["curves"]["trials"]["low"] is None for group in found["groups"]]
    assert bands == [False, True]


def test_a_repeated_seed_is_no_seed_more(tmp_path, write_search):
    write_search(tmp_path, "one")
    write_search(tmp_path, "again")
    found = compared(tmp_path, "one", "again")
    assert [group["seeds"] for group in found["groups"]] == [[0], [0]]
    assert {kind for kind, _ in kinds(found)} <= {"place"}
    assert found["pairs"][0]["interval"] is None
    assert found["pairs"][0]["p"] == 1.0


def test_a_group_tag_makes_no_other_search(tmp_path, write_search):
    write_search(tmp_path, "one", group="x")
    write_search(tmp_path, "two", seed=1, group="y")
    assert len(compared(tmp_path, "one", "two")["groups"]) == 1


def test_parameters_that_moved_with_the_inactive_as_a_value(tmp_path, write_search):
    write_search(tmp_path, "one", trials=4)
    write_search(tmp_path, "two", algorithm="tpe", trials=5, kind="b")
    found = compared(tmp_path, "one", "two")
    values = {row["parameter"]: row["values"] for row in found["moved"]}
    assert values == {"x": {"A": 0.3, "B": 0.4}, "kind": {"A": "a", "B": "b"}}
    assert "not enough trials: 4 of 20" in found["importance"]["A"]["note"]


def test_what_it_cost(tmp_path, write_search):
    write_search(tmp_path, "one", trials=3)
    write_search(tmp_path, "two", algorithm="tpe", trials=4)
    cost = [search["cost"] for search in compared(tmp_path, "one", "two")["searches"]]
    assert [(c["trials"], c["budget"], c["budget_unit"]) for c in cost] == [
        (3, 6, "epochs"),
        (4, 8, "epochs"),
    ]
    assert all(c["worker_seconds"] <= c["total_seconds"] + 0.1 for c in cost)


def test_the_domain_gap_stands_beside_the_papers(tmp_path, write_search, monkeypatch):
    write_search(tmp_path, "base", wrong_real=range(12))
    write_search(tmp_path, "own", select="real_raw", wrong_real=range(2))
    found = compared(tmp_path, "base", "own")
    assert ("select", "select") in kinds(found)
    gap = found["gap"]
    (row,) = gap["rows"]
    assert (row["domain"], row["base"], row["own"]) == ("real_raw", "A", "B")
    assert row["difference"] == pytest.approx(10 / 40)
    assert row["p"] == pytest.approx(2 / 1024)
    assert {(r["select"], r["accuracy"]) for r in gap["paper"]} == {
        ("synthetic", 0.7606),
        ("real_raw", 0.9121),
    }
    assert gap["other_data"]
    assert "different validation images" in text(found)
    monkeypatch.setattr(paper, "may_be_the_papers", lambda data: data["surrogate"] is False)
    write_search(tmp_path, "base2", surrogate=False)
    write_search(tmp_path, "own2", surrogate=False, select="real_raw")
    assert not compared(tmp_path, "base2", "own2")["gap"]["other_data"]
    assert compared(tmp_path, "base", "base2")["gap"] is None


def test_a_search_that_is_not_over(tmp_path, write_search):
    write_search(tmp_path, "one")
    write_search(tmp_path, "half", algorithm="tpe", closed=False)
    found = compared(tmp_path, "one", "half")
    assert found["pairs"] == []
    assert found["searches"][1]["evaluation"] == []
    assert found["searches"][1]["confirmed"]["chosen"] is False
    assert "(not ended)" in text(found)


def test_an_event_of_another_version_is_refused_in_one_line(tmp_path, write_search):
    folder = write_search(tmp_path, "one")
    with (folder / "ledger.jsonl").open("a") as ledger:
        ledger.write('{"event":"teleported","time":1}\n')
    with pytest.raises(Exception, match="cannot be read by this version"):
        load(folder)


def test_parameters_of_another_space_have_no_value(tmp_path, write_search):
    write_search(tmp_path, "one")
    write_search(tmp_path, "two", algorithm="tpe", parameters={"y": 3})
    values = {row["parameter"]: row["values"] for row in compared(tmp_path, "one", "two")["moved"]}
    assert values == {"x": {"A": 0.3}, "kind": {"A": "a"}, "y": {"B": 3}}


def test_a_parameter_that_no_best_configuration_has_did_not_move(tmp_path, write_search):
    write_search(tmp_path, "one", space={"x": {}, "kind": {}, "depth": {}})
    write_search(tmp_path, "two", algorithm="tpe", kind="b", parameters={"x": 0.3, "kind": "b"})
    found = compared(tmp_path, "one", "two")
    assert [row["parameter"] for row in found["moved"]] == ["kind"]


def test_a_smoke_test_among_the_searches_is_named(tmp_path, write_search):
    write_search(tmp_path, "one")
    write_search(tmp_path, "two", algorithm="tpe")
    found = compared(tmp_path, "one", "two")
    said = "A smoke test's numbers mean nothing: {} ran at scale=smoke."
    assert text(found).splitlines()[1] == said.format("A, B")
    found["searches"][0]["scale"] = "demo"
    assert text(found).splitlines()[1] == said.format("B")
    found["searches"][1]["scale"] = "demo"
    assert "smoke" not in text(found)


def test_a_parameter_of_the_space_that_the_best_does_not_have_is_inactive(tmp_path, write_search):
    write_search(tmp_path, "one", space={"x": {}, "kind": {}, "depth": {}})
    write_search(tmp_path, "two", algorithm="tpe", parameters={"x": 0.3, "kind": "a", "depth": 2})
    values = {row["parameter"]: row["values"] for row in compared(tmp_path, "one", "two")["moved"]}
    assert values == {"depth": {"A": "inactive", "B": 2}}


def test_a_key_that_an_older_search_lacks_is_a_difference(tmp_path, write_search):
    write_search(tmp_path, "one")
    write_search(tmp_path, "two", more={"lookahead": None})
    found = compared(tmp_path, "one", "two")
    (row,) = [row for row in found["differences"] if row["kind"] == "configuration"]
    assert row == {"kind": "configuration", "key": "lookahead", "values": {"B": None}}
    assert len(found["groups"]) == 2
