"""What a search begins with, where it is taken from, and that it is settled once."""

from __future__ import annotations

import dataclasses
import shutil

import pytest
from bench import ALGORITHMS, SPACE, Killed, drive
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl.algorithms import Suggestion
from automl.compose import compose_plain
from automl.errors import UserError
from automl.ledger import Ledger, read_events
from automl.planning import check, plan_summary, preview
from automl.settings import parse_settings
from automl.warm_start import WarmStart, warm_start
from searchspaces import configuration_id, parse_space


def composed(runs, *words):
    return parse_settings(compose_plain([f"paths.runs={runs}", "tracking=none", *words]))


def asks(checked, count):
    algorithm = checked.algorithm()
    asked = [algorithm.ask() for _ in range(count)]
    assert all(isinstance(suggestion, Suggestion) for suggestion in asked)
    return asked


def by_hand(events):
    """The configurations of a search, the best first, straight from its lines."""
    asked = {e["number"]: e for e in events if e["event"] == "asked" and e["phase"] == "search"}
    best = {}
    for event in events:
        if event["event"] == "finished" and event["number"] in asked:
            ask = asked[event["number"]]
            rank = (-ask["budget"], event["loss"], event["number"])
            key = ask["configuration_id"]
            if key not in best or rank < best[key][0]:
                best[key] = (rank, ask["configuration"])
    return [configuration for _, configuration in sorted(best.values(), key=lambda one: one[0])]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of runs in which one search is over."""
    folder = tmp_path_factory.mktemp("runs")
    drive(folder / "earlier", "bohb")
    return folder


def stub(runs, source, count=5):
    """The settings of a search that begins with another one's best."""
    return dataclasses.replace(
        composed(runs), warm_start=source, warm_start_configurations=count, name="new"
    )


@pytest.mark.parametrize(
    ("search", "count"),
    [
        ("deepfreak_bohb", 5),
        ("deepfreak_hyperband", 5),
        ("deepfreak_random", 5),
        ("deepfreak_tpe", 5),
        ("classical_tpe", 6),
        ("classical_random", 6),
    ],
)
def test_the_paper_s_winners_come_first(search, count, tmp_path):
    words = [f"search={search}", "scale=paper"]
    warm = check(composed(tmp_path, *words, "warm_start=paper"))
    first = asks(warm, count + 1)
    assert [s.origin for s in first] == ["warm_start"] * count + ["random"]
    key = "topology" if search.startswith("deepfreak") else "extractor"
    table = ["glcm", "glcm", "lbp", "lbp", "lbp", "lbp"] if count == 6 else [6, 8, 1, 11, 10]
    assert [s.configuration[key] for s in first[:count]] == table
    assert plan_summary(warm) == plan_summary(check(composed(tmp_path, *words)))


def test_a_grid_begins_with_the_winners_of_its_space_and_repeats_none(tmp_path):
    words = ["search=classical_grid", "+space.only.lbp_points=24", "+space.only.svm_c=[1,32768]"]
    warm = check(composed(tmp_path, *words, "warm_start=paper"))
    assert [configuration["svm_c"] for configuration in warm.initial] == [1, 32768]
    assert any(note.startswith("Warm start: Table 3 RF, Table 3 SVM left") for note in warm.notes)
    drawn = asks(warm, plan_summary(warm)["trials"])
    assert [s.origin for s in drawn] == ["warm_start"] * 2 + ["grid"] * (4 * 2 * 11 * 5 - 2)
    assert len({s.configuration_id for s in drawn}) == len(drawn)


def test_the_preview_says_what_comes_first_and_what_had_to_change(tmp_path):
    text = preview("new", check(composed(tmp_path, "warm_start=paper")))
    assert "Warm start: 5 configurations of the paper first" in text
    assert "batch_size 1 is not in the space: 4 (Table 11 A, Table 11 B, Table 15)" in text
    assert "batch_size 2 is not in the space: 4 (Table 11 C)" in text
    released = preview(
        "new", check(composed(tmp_path, "warm_start=paper", "space=deepfreak_released"))
    )
    assert "not in the space" not in released
    assert "Warm start" not in preview("new", check(composed(tmp_path)))


def test_an_override_that_narrows_the_space_leaves_out_what_no_longer_fits(tmp_path):
    narrow = "space.parameters.topology.choices=[1,2,3]"
    checked = check(composed(tmp_path, "warm_start=paper", narrow))
    assert [configuration["topology"] for configuration in checked.initial] == [1]
    (left_out,) = [note for note in checked.notes if "topology: 6" in note]
    assert left_out.startswith("Warm start: Table 11 A left out: space deepfreak: topology: 6 is")
    with pytest.raises(UserError) as refusal:
        check(composed(tmp_path, "warm_start=paper", "space.parameters.topology.choices=[2,3]"))
    assert "warm_start: no configuration of the paper fits the space deepfreak; Table" in str(
        refusal.value
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", [1, 3, 100])
def test_another_search_gives_its_best_first(count, runs):
    found = warm_start(stub(runs, "earlier", count), SPACE, draws=50, name="new")
    events, _ = read_events(runs / "earlier/ledger.jsonl")
    expected = by_hand(events)[:count]
    assert [dict(configuration) for configuration in found.configurations] == expected
    assert found.notes == (
        f"Warm start: {len(expected)} configuration{'s' * (len(expected) > 1)} of earlier first",
    )


def test_no_more_are_taken_than_are_drawn(runs):
    found = warm_start(stub(runs, "earlier"), SPACE, draws=2, name="new")
    assert len(found.configurations) == 2
    assert found.notes[0].endswith("first; the plan draws no more than 2")


def test_configurations_that_become_one_are_taken_once(runs):
    coarse = parse_space(
        {
            "name": "coarse",
            "source": "none",
            "parameters": {
                "kind": {"type": "categorical", "choices": ["a", "b"], "default": "a"},
                "x": {"type": "ordinal", "choices": [0, 1], "default": 0},
            },
        }
    )
    found = warm_start(stub(runs, "earlier", 100), coarse, draws=50, name="new")
    ids = [configuration_id(configuration) for configuration in found.configurations]
    assert len(set(ids)) == len(ids) <= 4


def test_what_does_not_fit_makes_room_for_what_does(runs):
    only = parse_space(
        {
            "name": "only",
            "source": "none",
            "parameters": {
                "kind": {"type": "categorical", "choices": ["a"], "default": "a"},
                "x": {"type": "float", "lower": 0.0, "upper": 1.0, "default": 0.5},
            },
        }
    )
    found = warm_start(stub(runs, "earlier", 2), only, draws=50, name="new")
    events, _ = read_events(runs / "earlier/ledger.jsonl")
    assert [dict(c) for c in found.configurations] == [
        configuration for configuration in by_hand(events) if configuration["kind"] == "a"
    ][:2]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("erlier", "has no search 'erlier'; did you mean 'earlier'?"),
        ("papr", "has no search 'papr'; did you mean 'paper'?"),
        ("zzz", "has no search 'zzz'; known: begun, earlier, paper"),
        ("begun", "the search 'begun' has no finished trial yet; wait for one"),
        ("new", "'new' is this search itself; give it another name="),
        ("paper", "the space stub has nothing published; name an earlier search"),
    ],
)
def test_refusals_are_one_line(source, words, runs):
    (runs / "begun").mkdir(exist_ok=True)
    lines = (runs / "earlier/ledger.jsonl").read_text().splitlines(keepends=True)
    (runs / "begun/ledger.jsonl").write_text("".join(lines[:3]))
    with pytest.raises(UserError) as refusal:
        warm_start(stub(runs, source), SPACE, draws=50, name="new")
    assert str(refusal.value).startswith("warm_start: ")
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not (runs / "new").exists()


def test_a_ledger_of_another_kind_is_refused(runs, tmp_path):
    shutil.copytree(runs / "earlier", tmp_path / "odd")
    with (tmp_path / "odd/ledger.jsonl").open("a") as file:
        file.write('{"event": "sung", "time": 0}\n')
    with pytest.raises(UserError, match="cannot be read by this version"):
        warm_start(stub(tmp_path, "odd"), SPACE, draws=50, name="new")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["warm_start=../elsewhere"], "warm_start: '../elsewhere' cannot be a folder's name"),
        (["warm_start_configurations=0"], "warm_start_configurations: 0 is below 1"),
        (["warm_start=3"], "warm_start: expected text, got 3"),
    ],
)
def test_settings_are_checked(words, message, tmp_path):
    with pytest.raises(UserError) as refusal:
        composed(tmp_path, *words)
    assert message in str(refusal.value)


def test_a_search_that_has_begun_keeps_what_it_began_with(runs, tmp_path):
    """The other search may have gone on since, or be gone."""
    shutil.copytree(runs / "earlier", tmp_path / "earlier")
    config = stub(tmp_path, "earlier")
    first = warm_start(config, SPACE, draws=50, name="new")
    (tmp_path / "new").mkdir()
    with Ledger(tmp_path / "new") as ledger:
        ledger.append("plan", initial=list(first.configurations))
    shutil.rmtree(tmp_path / "earlier")
    again = warm_start(config, SPACE, draws=50, name="new")
    assert again == WarmStart(first.configurations)


INITIAL = ({"kind": "b", "x": 0.125}, {"kind": "a", "x": 0.75}, {"kind": "b", "x": 1.0})


def comparable(results):
    return {key: value for key, value in results.items() if key != "times"}


@pytest.mark.parametrize("name", ALGORITHMS)
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kills=st.lists(st.integers(1, 50), min_size=1, max_size=3))
def test_kills_change_nothing(name, tmp_path_factory, kills):
    expected = comparable(drive(tmp_path_factory.mktemp("whole"), name, initial=INITIAL))
    folder = tmp_path_factory.mktemp("killed")
    for kill_after in kills:
        try:
            drive(folder, name, kill_after=kill_after, initial=INITIAL)
        except Killed:
            continue
        break
    assert comparable(drive(folder, name, initial=INITIAL)) == expected


@pytest.mark.parametrize("name", ALGORITHMS)
def test_they_are_counted_apart_and_cost_nothing_extra(name, tmp_path):
    warm = drive(tmp_path / "warm", name, initial=INITIAL)
    cold = drive(tmp_path / "cold", name)
    assert warm["trials"]["warm_start"] == 3
    assert cold["trials"]["warm_start"] == cold["trials"]["fallback"] == 0
    assert warm["trials"]["planned"] == cold["trials"]["planned"]
    assert warm["trials"]["budget_planned"] == cold["trials"]["budget_planned"]
    origins = {c["configuration_id"]: c["origin"] for c in warm["configurations"]}
    assert [origins[configuration_id(c)] for c in INITIAL] == ["warm_start"] * 3
